/**
 * Where a model was trained from, as far as the service and the configuration tell: which data set, and what of it.
 */
import { HoldfastError } from "../../../model/errors.ts";
import { matchesPattern } from "../../../model/pattern.ts";
import type { ModelDetails } from "../service/face.ts";
import { isSameContainer } from "./container-address.ts";
import type { OpenDataSet } from "./face.ts";
import {
  commonPrefix,
  documentSelection,
  listSelection,
  prefixSelection,
  type Selection,
} from "./selection.ts";

/** A training takes in 50,000 pages at most: a line of 1 KiB for each of them is more than any list has. */
const MOST_LIST_BYTES = 64 * 1024 * 1024;

/** One source of a training; a classifier has one for each document type. */
export interface TrainingSource {
  readonly docType?: string;
  /** Undefined: not known, see `why`. */
  readonly open?: OpenDataSet;
  readonly prefix: string;
  readonly fileList?: string;
  /** v2.x: the documents that the training took in, by their full names. */
  readonly documents?: readonly string[];
  /** Why no data set is known, for people. */
  readonly why?: string;
}

/** What the service says about where something was trained from. */
interface Told {
  readonly docType?: string;
  readonly container?: string;
  readonly prefix?: string;
  readonly fileList?: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Errors: `source-*` where a container had to be asked. */
export async function trainingSources(
  model: ModelDetails,
  sets: readonly OpenDataSet[],
  signal: AbortSignal,
): Promise<TrainingSource[]> {
  const sources: TrainingSource[] = [];
  for (const told of toldSources(model)) {
    const source = byContainer(told, sets) ?? (await byName(told, model, sets, signal));
    sources.push({ ...source, ...(told.docType === undefined ? {} : { docType: told.docType }) });
  }
  return sources;
}

/** What of the open data set was used. A list of files is read for it. Errors: `source-*`. */
export async function selectionOf(
  { documents, fileList, prefix }: TrainingSource,
  { container }: OpenDataSet,
  isLabelled: boolean,
  signal: AbortSignal,
): Promise<Selection> {
  if (documents !== undefined) return documentSelection(documents, isLabelled);
  if (fileList === undefined) return prefixSelection(prefix);
  return listSelection(fileList, await listedDocuments(container, fileList, signal));
}

/** Names of the documents that v2.x says it took in; undefined where it does not say. */
function trainedDocuments(model: ModelDetails): string[] | undefined {
  const documents = objectIn(model.body, "trainResult")?.["trainingDocuments"];
  if (!Array.isArray(documents)) return undefined;
  const names = documents.map((document) => (document as Json)["documentName"]);
  return names.filter((name): name is string => typeof name === "string");
}

function toldSources(model: ModelDetails): Told[] {
  if (model.kind === "models") return [toldIn(model.body)];
  const docTypes = Object.entries(objectIn(model.body, "docTypes") ?? {});
  return docTypes.map(([docType, told]) => ({ docType, ...toldIn(told as Json) }));
}

function toldIn(body: Json): Told {
  const list = objectIn(body, "azureBlobFileListSource");
  const source = list ?? objectIn(body, "azureBlobSource");
  const [container, prefix, fileList] = [source?.["containerUrl"], source?.["prefix"], list?.["fileList"]];
  return {
    ...(typeof container === "string" ? { container } : {}),
    ...(typeof prefix === "string" ? { prefix } : {}),
    ...(typeof fileList === "string" ? { fileList } : {}),
  };
}

/** The configured set of the container that the service names; among several the one whose prefix fits best. */
function byContainer(
  { container, prefix = "", fileList }: Told,
  sets: readonly OpenDataSet[],
): TrainingSource | undefined {
  if (container === undefined) return undefined;
  const same = sets.filter(({ set }) => isSameContainer(set.url, container));
  const fit = ({ set }: OpenDataSet): number =>
    prefix.startsWith(set.prefix ?? "") ? (set.prefix ?? "").length : -1;
  const open = same.toSorted((a, b) => fit(b) - fit(a))[0];
  return open === undefined ? undefined : { open, prefix, ...(fileList === undefined ? {} : { fileList }) };
}

async function byName(
  { container, prefix, fileList }: Told,
  model: ModelDetails,
  sets: readonly OpenDataSet[],
  signal: AbortSignal,
): Promise<TrainingSource> {
  const named = sets.filter(({ set }) =>
    (set.models ?? []).some(
      (pattern) =>
        matchesPattern(pattern, model.id) ||
        (model.name !== undefined && matchesPattern(pattern, model.name)),
    ),
  );
  const documents = trainedDocuments(model);
  // A model of v2.x says what it was trained from by the names of its documents.
  if (documents !== undefined && documents.length > 0) {
    const fitting = await withDocuments(named.length > 0 ? named : sets, documents, signal);
    const [only] = fitting;
    if (fitting.length === 1 && only !== undefined) return only;
    if (named.length !== 1) return { prefix: "", why: whyUnknown(container, fitting.length, sets.length) };
  }
  const [open] = named;
  if (named.length !== 1 || open === undefined) {
    return { prefix: prefix ?? "", why: whyUnknown(container, named.length, sets.length) };
  }
  return {
    open,
    prefix: prefix ?? open.set.prefix ?? "",
    ...(fileList === undefined ? {} : { fileList }),
    ...(documents === undefined ? {} : { documents: documents.map((name) => fullName(name, open)) }),
  };
}

function fullName(name: string, { set: { prefix = "" } }: OpenDataSet): string {
  return name.startsWith(prefix) ? name : prefix + name;
}

function whyUnknown(container: string | undefined, fitting: number, configured: number): string {
  if (fitting > 1) return "Several data sets fit it: name it in the models of the right one";
  if (container !== undefined) {
    const place = container.split("?")[0] as string;
    return `It was trained from ${place}, which is no configured data set`;
  }
  return configured === 0
    ? "No data set is configured"
    : "The service does not tell what it was trained from, and no data set names it: add it to the models of a data set";
}

/** The sets that hold every one of the documents, with their full names there. */
async function withDocuments(
  sets: readonly OpenDataSet[],
  names: readonly string[],
  signal: AbortSignal,
): Promise<TrainingSource[]> {
  const fitting: TrainingSource[] = [];
  for (const open of sets) {
    const prefix = open.set.prefix ?? "";
    // The service leaves it open whether names begin with the prefix.
    for (const before of new Set(["", prefix])) {
      const documents = names.map((name) => before + name);
      if (!documents.every((name) => name.startsWith(prefix))) continue;
      if (!(await holdsAll(open, documents, signal))) continue;
      fitting.push({ open, prefix, documents });
      break;
    }
  }
  return fitting;
}

async function holdsAll(
  { container }: OpenDataSet,
  names: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const [first = ""] = names;
  // Most sets that are not the one fail here.
  if ((await container.find(first, signal)) === undefined) return false;
  const missing = new Set(names);
  for await (const entries of container.list(commonPrefix(names), signal)) {
    for (const { name } of entries) missing.delete(name);
    if (missing.size === 0) return true;
  }
  return false;
}

/** The documents that a list of files names: one JSON object on each line, its member `file` the name in the container. */
async function listedDocuments(
  container: OpenDataSet["container"],
  fileList: string,
  signal: AbortSignal,
): Promise<string[]> {
  const entry = await container.find(fileList, signal);
  if (entry === undefined) return [];
  if (entry.length > MOST_LIST_BYTES) {
    throw new HoldfastError("source-protocol", `"${fileList}" is too large to be a list of training files`, {
      path: container.url,
    });
  }
  const pieces: Buffer[] = [];
  for await (const piece of container.read(entry, signal)) pieces.push(piece);
  return Buffer.concat(pieces)
    .toString("utf8")
    .split(/\r?\n/)
    .flatMap((line) => fileIn(line));
}

function fileIn(line: string): string[] {
  try {
    const file = (JSON.parse(line) as Json | null)?.["file"];
    return typeof file === "string" ? [file] : [];
  } catch {
    return [];
  }
}

function objectIn(body: Json, name: string): Json | undefined {
  const value = body[name];
  return typeof value === "object" && value !== null ? (value as Json) : undefined;
}
