/**
 * `:analyze` of 2022-08-31 and later: one document with a value for every field that the model knows.
 */
import { FormError } from "../errors.ts";
import type { FormExchange } from "../exchange.ts";
import type { FormRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import type { StoredModel } from "../stored.ts";
import { v3Route } from "../v3/call.ts";
import { parameterMissing, unknownOperation } from "../v3/errors.ts";
import { findVisible } from "../v3/model-routes.ts";
import { analysisView, keepAnalysis } from "./analyses.ts";
import { digestOf, foundValue } from "./found-values.ts";

/** Inches of the only page. */
const PAGE = { pageNumber: 1, angle: 0, width: 8.5, height: 11, unit: "inch" } as const;
const LINE_HEIGHT = 0.25;

interface DocType {
  readonly fieldSchema?: Readonly<Record<string, { readonly type?: string }>>;
  readonly fieldConfidence?: Readonly<Record<string, number>>;
}

export function v3AnalysisRoutes(state: FormState): readonly FormRoute[] {
  return [
    ...v3Route(state, ["POST", "documentModels/{id}:analyze", "2022-08-31"], async (call, { id = "" }) => {
      const document = await documentIn(call.exchange);
      const model = findVisible(call, "models", id);
      const result = analyzeResult(model, call.version, digestOf(document));
      const analysis = keepAnalysis(state, model, call.version, result);
      const location = call.link(`documentModels/${id}/analyzeResults/${analysis}`);
      call.exchange.empty(202, { "Operation-Location": location });
    }),
    ...v3Route(
      state,
      ["GET", "documentModels/{id}/analyzeResults/{result}", "2022-08-31"],
      (call, { id: modelId = "", result: id = "" }) => {
        const view = analysisView(state, call.resource.name, { modelId, id });
        if (view === undefined) throw unknownOperation();
        call.exchange.json(200, view);
      },
    ),
  ];
}

/** The bytes sent, or the URL of a document: nothing is fetched. */
async function documentIn(exchange: FormExchange): Promise<Buffer> {
  if (exchange.mediaType !== "application/json") {
    const bytes = await exchange.body();
    if (bytes.length > 0) return bytes;
    throw new FormError(400, { code: "InvalidRequest", message: "Invalid request." });
  }
  const { urlSource, base64Source } = await exchange.object();
  if (typeof base64Source === "string") return Buffer.from(base64Source, "base64");
  if (typeof urlSource !== "string") throw parameterMissing("urlSource");
  return Buffer.from(urlSource);
}

function analyzeResult(model: StoredModel, version: string, document: string): Record<string, unknown> {
  const [docType, { fieldSchema = {}, fieldConfidence = {} }] = docTypeOf(model, document);
  const lines: string[] = [];
  let offset = 0;
  const fields = Object.entries(fieldSchema).map(([name, { type = "string" }]) => {
    const { text, member, value, confidence } = foundValue(document, name, type, fieldConfidence[name] ?? 0);
    const place = {
      boundingRegions: [{ pageNumber: 1, polygon: polygonOf(lines.length) }],
      spans: [{ offset, length: text.length }],
    };
    lines.push(text);
    offset += text.length + 1;
    return [name, { type, [member]: value, content: text, ...place, confidence }] as const;
  });
  const content = lines.join("\n");
  const span = { offset: 0, length: content.length };
  const confidences = fields.map(([, { confidence }]) => confidence);
  return {
    apiVersion: version,
    modelId: model.id,
    stringIndexType: "utf16CodeUnit",
    content,
    pages: [{ ...PAGE, words: [], lines: [], spans: [span] }],
    tables: [],
    styles: [],
    documents: [
      {
        docType,
        boundingRegions: [
          { pageNumber: 1, polygon: [0, 0, PAGE.width, 0, PAGE.width, PAGE.height, 0, PAGE.height] },
        ],
        fields: Object.fromEntries(fields),
        confidence: Math.min(1, ...confidences),
        spans: [span],
      },
    ],
  };
}

/** A composed model has several types; which one a document is, is as settled as everything else. */
function docTypeOf(model: StoredModel, document: string): [string, DocType] {
  const types = Object.entries((model.content["docTypes"] ?? {}) as Readonly<Record<string, DocType>>);
  const index = Number.parseInt(document.slice(0, 8), 16) % Math.max(1, types.length);
  return types[index] ?? [model.id, {}];
}

/** Four corners, clockwise from the upper left one. */
function polygonOf(line: number): number[] {
  const top = LINE_HEIGHT * (line + 1);
  const bottom = top + LINE_HEIGHT;
  return [1, top, PAGE.width - 1, top, PAGE.width - 1, bottom, 1, bottom];
}
