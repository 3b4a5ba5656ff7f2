/**
 * `analyze` of v2.0 and v2.1: a value for every labelled field, or key-value pairs for models that learned without labels.
 */
import { modelNotFound, plainError } from "../errors.ts";
import type { FormExchange } from "../exchange.ts";
import type { FormRoute } from "../routes.ts";
import { formRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import type { StoredModel } from "../stored.ts";
import { isOfV2 } from "../v2/views.ts";
import { analysisView, keepAnalysis } from "./analyses.ts";
import { digestOf, foundValue } from "./found-values.ts";

const VERSIONS = ["v2.0", "v2.1"] as const;
/** Inches of the only page. */
const PAGE = { page: 1, angle: 0, width: 8.5, height: 11, unit: "inch" } as const;
const BOX = [1, 1, 7.5, 1, 7.5, 1.25, 1, 1.25] as const;

interface TrainResult {
  readonly modelId?: string;
  readonly fields?: readonly { readonly fieldName: string; readonly accuracy: number }[];
}

export function v2AnalysisRoutes(state: FormState): readonly FormRoute[] {
  return VERSIONS.flatMap((version) => {
    const models = `/formrecognizer/${version}/custom/models` as const;
    return [
      formRoute("POST", `${models}/{id}/analyze`, async (exchange, { id }) => {
        const document = digestOf(await documentIn(exchange));
        const model = state.models.find(exchange.resource.name, "models", id.toLowerCase());
        if (model === undefined || !isOfV2(model)) throw modelNotFound(id);
        if (model.status !== "ready") throw plainError(400, "1015", `Model with 'id=${id}' is not ready.`);
        const result = analyzeResult(model, version, document);
        const analysis = keepAnalysis(state, model, version, result);
        const location = `${exchange.origin}${models}/${id}/analyzeresults/${analysis}`;
        exchange.empty(202, { "Operation-Location": location });
      }),
      formRoute("GET", `${models}/{id}/analyzeresults/{result}`, (exchange, { id, result }) => {
        const asked = { modelId: id.toLowerCase(), id: result };
        const view = analysisView(state, exchange.resource.name, asked);
        if (view === undefined) throw plainError(404, "1022", `Result with 'id=${result}' not found.`);
        exchange.json(200, view);
      }),
    ];
  });
}

/** The bytes sent, or the URL of a document: nothing is fetched. */
async function documentIn(exchange: FormExchange): Promise<Buffer> {
  if (exchange.mediaType !== "application/json") return exchange.body();
  const { source } = await exchange.object();
  if (typeof source !== "string") throw plainError(400, "1003", "Field 'Source' must be a text.");
  return Buffer.from(source);
}

function analyzeResult(model: StoredModel, version: string, document: string): Record<string, unknown> {
  const isLabelled = model.buildMode === "labelled" || model.composed;
  return {
    version: `${version.slice(1)}.0`,
    readResults: [{ ...PAGE, lines: [] }],
    pageResults: isLabelled
      ? [{ page: PAGE.page, tables: [] }]
      : [{ page: PAGE.page, clusterId: 0, keyValuePairs: pairsOf(model, document), tables: [] }],
    ...(isLabelled ? { documentResults: [documentResult(model, document)] } : {}),
    errors: [],
  };
}

/** A composed model answers through one of its components. */
function documentResult(model: StoredModel, document: string): Record<string, unknown> {
  const { trainResult, composedTrainResults } = model.content as {
    readonly trainResult?: TrainResult;
    readonly composedTrainResults?: readonly TrainResult[];
  };
  const results = composedTrainResults ?? [trainResult ?? {}];
  const { modelId, fields = [] } = results[Number.parseInt(document.slice(0, 8), 16) % results.length] ?? {};
  const found = fields.map(({ fieldName, accuracy }) => {
    // A train result names no types.
    const { text, member, value, confidence } = foundValue(document, fieldName, "string", accuracy);
    return [
      fieldName,
      { type: "string", [member]: value, text, boundingBox: BOX, page: 1, confidence },
    ] as const;
  });
  return {
    docType: `custom:${model.name ?? model.id}`,
    modelId: modelId ?? model.id,
    pageRange: [1, 1],
    fields: Object.fromEntries(found),
    docTypeConfidence: Math.min(1, ...found.map(([, { confidence }]) => confidence)),
  };
}

function pairsOf(model: StoredModel, document: string): readonly unknown[] {
  const { keys } = model.content as { keys?: { clusters?: Readonly<Record<string, readonly string[]>> } };
  return (keys?.clusters?.["0"] ?? []).map((key) => {
    const { text, confidence } = foundValue(document, key, "string", 1);
    return { key: { text: key, boundingBox: BOX }, value: { text, boundingBox: BOX }, confidence };
  });
}
