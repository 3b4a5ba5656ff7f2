/**
 * A training without learning: which documents of a container would be trained from, which fields their labels name, and results that are
 * made up from them, always the same for the same files.
 */
import { createHash } from "node:crypto";

import type { FieldSchema } from "./field-list.ts";
import { parseFieldList } from "./field-list.ts";
import type { TrainingContainer } from "./container.ts";
import { ContainerUnreadable, openContainer } from "./container.ts";

/** Fewer documents do not make a model. */
const MIN_DOCUMENTS = 5;

const DOCUMENT = /\.(?:pdf|jpe?g|png|tiff?|bmp)$/i;
const FIELD_LIST = "fields.json";

/** What a training found. */
export interface TrainingOutcome {
  readonly documents: readonly TrainingDocument[];
  /** In the order of their names; empty without labels. */
  readonly fields: readonly TrainedField[];
  /** Not empty: the training failed. */
  readonly errors: readonly TrainingError[];
}

export interface TrainingDocument {
  readonly name: string;
  readonly pages: number;
  readonly status: "succeeded" | "failed";
  readonly errors: readonly TrainingError[];
}

export interface TrainedField {
  readonly name: string;
  readonly type: string;
  /** As `fieldSchema` of later versions has it. */
  readonly schema: FieldSchema;
  /** 0 to 1, three decimals. */
  readonly accuracy: number;
}

/** With the codes of v2.x. */
export interface TrainingError {
  readonly code: string;
  readonly message: string;
}

export interface TrainingRequest {
  /** URL with its signature. */
  readonly container: string;
  readonly prefix: string;
  /** Documents in folders below the prefix as well. */
  readonly subFolders: boolean;
  readonly labels: boolean;
  /** Only these documents. */
  readonly files?: readonly string[];
  /** Default: 5. */
  readonly minDocuments?: number;
}

/** Never rejects for a container that cannot be read or data that makes no model: that is in the outcome. */
export async function trainFrom(
  folders: ReadonlyMap<string, string>,
  request: TrainingRequest,
): Promise<TrainingOutcome> {
  try {
    return await train(openContainer(folders, request.container), request);
  } catch (error) {
    if (!(error instanceof ContainerUnreadable)) throw error;
    return failed("2001", "Invalid path.");
  }
}

async function train(container: TrainingContainer, request: TrainingRequest): Promise<TrainingOutcome> {
  const names = new Set(await container.list(request.prefix));
  const documents = [...names]
    .filter((name) => DOCUMENT.test(name) && isWanted(name, request))
    .filter((name) => !request.labels || names.has(`${name}.labels.json`))
    .sort();
  const min = request.minDocuments ?? MIN_DOCUMENTS;
  if (documents.length < min) {
    const what = request.labels ? "labelled documents" : "documents";
    return failed(
      "2014",
      `At least ${min} ${what} are needed for a training, ${documents.length} were found.`,
    );
  }
  if (!request.labels)
    return { documents: documents.map((name) => success(name, request)), fields: [], errors: [] };
  const listName = [...names].find(
    (name) => name === request.prefix + FIELD_LIST || name.endsWith(`/${FIELD_LIST}`),
  );
  const list = listName === undefined ? undefined : parseFieldList(await container.read(listName));
  if (list === undefined) return failed("2016", `${FIELD_LIST} is missing or malformed.`);
  const labels = new Labels();
  const results: TrainingDocument[] = [];
  for (const name of documents) {
    const isGood =
      names.has(`${name}.ocr.json`) && labels.add(name, await container.read(`${name}.labels.json`));
    results.push(isGood ? success(name, request) : failure(name, request));
  }
  const good = results.filter(({ status }) => status === "succeeded").length;
  if (good < min) return { ...failed("2014", `Only ${good} documents could be read.`), documents: results };
  const fields = [...list]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, schema]) => ({ name, type: schema.type, schema, accuracy: labels.accuracy(name, good) }));
  return { documents: results, fields, errors: [] };
}

function isWanted(name: string, { prefix, subFolders, files }: TrainingRequest): boolean {
  if (files !== undefined && !files.includes(name)) return false;
  const folder = prefix === "" || prefix.endsWith("/") ? prefix.length : prefix.lastIndexOf("/") + 1;
  return subFolders || !name.slice(folder).includes("/");
}

function failed(code: string, message: string): TrainingOutcome {
  return { documents: [], fields: [], errors: [{ code, message }] };
}

/** Results name documents without the folder of the prefix. Every document has one page here. */
function success(name: string, { prefix }: TrainingRequest): TrainingDocument {
  return { name: shortName(name, prefix), pages: 1, status: "succeeded", errors: [] };
}

function failure(name: string, { prefix }: TrainingRequest): TrainingDocument {
  const message = "The document's labels or its layout (.ocr.json) are missing or malformed.";
  return { name: shortName(name, prefix), pages: 0, status: "failed", errors: [{ code: "2015", message }] };
}

function shortName(name: string, prefix: string): string {
  return name.slice(prefix.lastIndexOf("/") + 1);
}

/** Who labelled what: the only thing that results depend on. */
class Labels {
  /** Field → digest of everything labelled with it. */
  readonly #digests = new Map<string, { readonly documents: Set<string>; text: string }>();

  /** False for a file that holds no labels. */
  add(document: string, file: Buffer): boolean {
    let labels: unknown;
    try {
      labels = (JSON.parse(file.toString("utf8").replace(/^\uFEFF/, "")) as { labels?: unknown }).labels;
    } catch {
      return false;
    }
    if (!Array.isArray(labels)) return false;
    for (const label of labels as { readonly label?: unknown }[]) {
      // Cells of tables are labelled `Items/0/Amount`.
      const field = String(label.label).split("/")[0] ?? "";
      const known = this.#digests.get(field) ?? { documents: new Set<string>(), text: "" };
      known.documents.add(document);
      known.text = createHash("sha256")
        .update(known.text + JSON.stringify(label))
        .digest("hex");
      this.#digests.set(field, known);
    }
    return true;
  }

  /** From 0 for a field that nobody labelled to 0.995; the more documents, the better. */
  accuracy(field: string, documents: number): number {
    const known = this.#digests.get(field);
    if (known === undefined) return 0;
    const share = known.documents.size / documents;
    const spread = Number.parseInt(known.text.slice(0, 8), 16) % 46;
    return Math.round(750 + 200 * share + spread) / 1000;
  }
}
