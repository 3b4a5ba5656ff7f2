/**
 * Whether two models are the same training. No service tells a checksum, so everything it does tell is compared: what was learnt, from which
 * documents, how well, and when. What a copy cannot carry over is left out: ids, description, tags, and, since v4, the time of the copying.
 */
import { canonicalText } from "../../model/json/canonical.ts";
import type { ModelKind, ModelRef } from "./keys.ts";

type Members = Readonly<Record<string, unknown>>;

/** A model or classifier as one resource shows it. */
export interface Compared extends ModelRef {
  /** The service's answer, parsed. */
  readonly body: Members;
}

export interface Equivalence {
  /** `none`: it is there and not ready. `exists`: ready, and not equal. `metadata`: everything that the service tells is equal. */
  readonly level: "none" | "exists" | "metadata";
  /** What differs, for people; empty at level `metadata`. */
  readonly differences: readonly string[];
  /** The times differ: it is the result of another training. */
  readonly retrained: boolean;
  /** Document types of the kept one that have another name in the present one. */
  readonly renamed: Readonly<Record<string, string>>;
}

/** The id that stands for a component or classifier in the resource of the present model, where that is known. */
export type StandIn = (ref: ModelRef) => string | undefined;

export function equivalence(kept: Compared, present: Compared, standIn?: StandIn): Equivalence {
  const old = isOld(kept.body);
  if (old !== isOld(present.body)) {
    const differences = ["it was made by another generation of the service"];
    return { level: readyLevel(present.body), differences, retrained: true, renamed: {} };
  }
  const times = old
    ? differingTimes(modelInfo(kept.body), modelInfo(present.body), [
        "createdDateTime",
        "lastUpdatedDateTime",
      ])
    : differingTimes(kept.body, present.body, [decidingTime(kept.body, present.body)]);
  const renamed = old ? {} : renamedDocTypes(kept, present);
  const others = old
    ? differencesOfOld(kept.body, present.body)
    : differencesOfNew(kept, present, renamed, standIn);
  const differences = [...others, ...times];
  return {
    level: differences.length === 0 ? "metadata" : readyLevel(present.body),
    differences,
    retrained: times.length > 0,
    renamed,
  };
}

/** v2.x wraps what all models have in `modelInfo`. */
function isOld(body: Members): boolean {
  return "modelInfo" in body;
}

function modelInfo(body: Members): Members {
  return objectOf(body["modelInfo"]);
}

/** v3 and later show only what is ready. */
function readyLevel(body: Members): "none" | "exists" {
  return isOld(body) && modelInfo(body)["status"] !== "ready" ? "none" : "exists";
}

/**
 * Which time a copy has from its original. Since v4 that is the time of the last change. v3.1 was never seen copying, but the date of expiry is
 * a fixed time after the training and is always inherited. v3.0 has neither, and its copies show the original's creation.
 */
function decidingTime(kept: Members, present: Members): string {
  const both = (name: string): boolean => name in kept && name in present;
  return ["modifiedDateTime", "expirationDateTime"].find(both) ?? "createdDateTime";
}

function differingTimes(kept: Members, present: Members, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const [was, is] = [kept[name], present[name]];
    if (instantOf(was) === instantOf(is)) return [];
    return [`its ${TIME_WORDS[name] ?? name} is ${shown(is)}, kept as ${shown(was)}`];
  });
}

const TIME_WORDS: Readonly<Record<string, string>> = {
  createdDateTime: "creation",
  lastUpdatedDateTime: "last change",
  modifiedDateTime: "last change",
  expirationDateTime: "expiry",
};

/** The same instant may be written with or without fractions of a second. */
function instantOf(time: unknown): unknown {
  const parsed = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(parsed) ? time : parsed;
}

function differencesOfOld(kept: Members, present: Members): string[] {
  const [was, is] = [modelInfo(kept), modelInfo(present)];
  return [
    ...plain(was, is, "status", "status"),
    ...plain(was, is, "modelName", "name"),
    ...whole(was, is, "attributes", "kind (composed or not)"),
    ...whole(kept, present, "trainResult", "training result"),
    ...components(kept["composedTrainResults"], present["composedTrainResults"]),
    ...whole(kept, present, "keys", "list of keys"),
  ];
}

function components(kept: unknown, present: unknown): string[] {
  return componentTexts(kept).join() === componentTexts(present).join()
    ? []
    : ["the training results of its components differ"];
}

/** The ids in them are the components' in the resource in which the model was composed, or, composed again, in its own. */
function componentTexts(results: unknown): string[] {
  return (Array.isArray(results) ? results : []).map((result) => canonicalText(result, ["modelId"])).sort();
}

/** Members that are compared as they are where both show them: an earlier version of the API leaves out what later ones tell. */
const PLAIN_MEMBERS = [
  ["apiVersion", "API version"],
  ["buildMode", "build mode"],
  ["split", "way of splitting files"],
  ["baseClassifierId", "base classifier"],
] as const;

function differencesOfNew(
  kept: Compared,
  present: Compared,
  renamed: Readonly<Record<string, string>>,
  standIn: StandIn | undefined,
): string[] {
  const both = PLAIN_MEMBERS.filter(([name]) => name in kept.body && name in present.body);
  return [
    ...both.flatMap(([name, words]) => plain(kept.body, present.body, name, words)),
    ...(kept.kind === "models"
      ? standing(
          "classifiers",
          kept.body["classifierId"],
          present.body["classifierId"],
          "classifier",
          standIn,
        )
      : []),
    ...differingDocTypes(kept, present, renamed, standIn),
  ];
}

/** A document type that is called like the model has the copy's id in some versions and keeps the original's in others. */
function renamedDocTypes(kept: Compared, present: Compared): Record<string, string> {
  const [was, is] = [objectOf(kept.body["docTypes"]), objectOf(present.body["docTypes"])];
  const lost = Object.keys(was).filter((name) => !(name in is));
  const added = Object.keys(is).filter((name) => !(name in was));
  const from = lost.find((name) => name === kept.id) ?? (lost.length === 1 ? lost[0] : undefined);
  const to = added.find((name) => name === present.id) ?? (added.length === 1 ? added[0] : undefined);
  if (from === undefined || to === undefined) return {};
  return from === kept.id || to === present.id ? { [from]: to } : {};
}

function* differingDocTypes(
  kept: Compared,
  present: Compared,
  renamed: Readonly<Record<string, string>>,
  standIn: StandIn | undefined,
): Generator<string> {
  const [was, is] = [objectOf(kept.body["docTypes"]), objectOf(present.body["docTypes"])];
  const left = new Set(Object.keys(is));
  for (const name of Object.keys(was).sort()) {
    const called = renamed[name] ?? name;
    if (left.delete(called)) {
      yield* differingDocType(name, objectOf(was[name]), objectOf(is[called]), standIn);
    } else yield `the document type ${name} is missing`;
  }
  for (const name of [...left].sort()) yield `the document type ${name} is not among the kept ones`;
}

/** Where the training data lie is no property of what was learnt. */
const NOT_OF_THE_TRAINING = ["modelId", "azureBlobSource", "azureBlobFileListSource"];

function* differingDocType(
  name: string,
  was: Members,
  is: Members,
  standIn: StandIn | undefined,
): Generator<string> {
  yield* standing("models", was["modelId"], is["modelId"], `model for ${name}`, standIn);
  const members = new Set([...Object.keys(was), ...Object.keys(is)]);
  for (const member of [...members].sort()) {
    if (NOT_OF_THE_TRAINING.includes(member)) continue;
    if (!equal(was[member], is[member])) {
      yield `${DOC_TYPE_WORDS[member] ?? `the member ${member}`} of the document type ${name} differs`;
    }
  }
}

const DOC_TYPE_WORDS: Readonly<Record<string, string>> = {
  buildMode: "the build mode",
  description: "the description",
  fieldConfidence: "the confidence in the fields",
  fieldSchema: "the list of fields",
};

/** A part that the model refers to by id: the original's own, or what stands for it. Without a table of ids nothing is told. */
function standing(
  kind: ModelKind,
  was: unknown,
  is: unknown,
  words: string,
  standIn: StandIn | undefined,
): string[] {
  if (was === is || standIn === undefined || typeof was !== "string") return [];
  const expected = standIn({ kind, id: was });
  return expected === undefined || expected === is ? [] : [`its ${words} is ${shown(is)}, not ${expected}`];
}

function plain(kept: Members, present: Members, name: string, words: string): string[] {
  const [was, is] = [kept[name], present[name]];
  return equal(was, is) ? [] : [`its ${words} is ${shown(is)}, kept as ${shown(was)}`];
}

function whole(kept: Members, present: Members, name: string, words: string): string[] {
  return equal(kept[name], present[name]) ? [] : [`its ${words} differs`];
}

function equal(one: unknown, other: unknown): boolean {
  return canonicalText([one]) === canonicalText([other]);
}

function shown(value: unknown): string {
  if (value === undefined) return "not told";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function objectOf(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
}
