/**
 * What the service lists of language models, read from the exact bytes of its listings. Members that an older installation leaves out are
 * empty; an entry without a name or id is refused, because nothing could be kept under it.
 */
import { HoldfastError } from "../../../model/errors.ts";

export interface LanguageModel {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly baseModel: string;
  readonly dialect: string;
  readonly language: string;
  readonly status: string;
  readonly created: string;
  /** Empty on installations older than June 2019. */
  readonly updated: string;
  readonly versions: readonly string[];
  readonly error: string;
  readonly raw: Buffer;
}

/** A corpus or a grammar. */
export interface Resource {
  readonly name: string;
  /** Corpora only; 0 while it is being processed. */
  readonly totalWords: number;
  readonly outOfVocabulary: number;
  readonly status: string;
  readonly error: string;
  readonly raw: Buffer;
}

export interface Word {
  readonly word: string;
  readonly soundsLike: readonly string[];
  readonly displayAs: string;
  readonly mappingOnly: boolean | undefined;
  readonly sources: readonly string[];
  /** The service's own words about what is wrong with it; empty when nothing is. */
  readonly error: string;
  readonly raw: Buffer;
}

/** The service marks words that somebody added, rather than a corpus or grammar, with this source. */
const USER_SOURCE = "user";

export function isUserWord(word: Word): boolean {
  return word.sources.includes(USER_SOURCE);
}

/** Errors: `source-protocol`. */
export function languageModelOf(raw: Buffer): LanguageModel {
  const entry = objectOf(raw);
  return {
    id: required(entry, "customization_id"),
    name: text(entry["name"]),
    description: text(entry["description"]),
    baseModel: text(entry["base_model_name"]),
    dialect: text(entry["dialect"]),
    language: text(entry["language"]),
    status: text(entry["status"]),
    created: text(entry["created"]),
    updated: text(entry["updated"]),
    versions: texts(entry["versions"]),
    error: text(entry["error"]),
    raw,
  };
}

/** Errors: `source-protocol`. */
export function resourceOf(raw: Buffer): Resource {
  const entry = objectOf(raw);
  return {
    name: required(entry, "name"),
    totalWords: count(entry["total_words"]),
    outOfVocabulary: count(entry["out_of_vocabulary_words"]),
    status: text(entry["status"]),
    error: text(entry["error"]),
    raw,
  };
}

/** Errors: `source-protocol`. */
export function wordOf(raw: Buffer): Word {
  const entry = objectOf(raw);
  const { mapping_only: mappingOnly, error } = entry;
  return {
    word: required(entry, "word"),
    soundsLike: texts(entry["sounds_like"]),
    displayAs: text(entry["display_as"]),
    mappingOnly: typeof mappingOnly === "boolean" ? mappingOnly : undefined,
    sources: texts(entry["source"]),
    error: Array.isArray(error) && error.length > 0 ? error.map(faultText).join("; ") : "",
    raw,
  };
}

/** The service names what is wrong by a member whose name is the offending value. */
function faultText(fault: unknown): string {
  if (typeof fault !== "object" || fault === null) return String(fault);
  return Object.entries(fault)
    .map(([value, words]) => `${value}: ${text(words)}`)
    .join("; ");
}

function objectOf(raw: Buffer): Record<string, unknown> {
  try {
    const entry = JSON.parse(raw.toString("utf8")) as unknown;
    if (typeof entry === "object" && entry !== null) return entry as Record<string, unknown>;
  } catch {
    // Told below, with what came instead left out: it may be anything.
  }
  throw new HoldfastError("source-protocol", "An entry of a listing of language models is no JSON object.");
}

function required(entry: Readonly<Record<string, unknown>>, member: string): string {
  const value = entry[member];
  if (typeof value === "string" && value !== "") return value;
  throw new HoldfastError("source-protocol", `An entry of a listing of language models has no ${member}.`);
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
