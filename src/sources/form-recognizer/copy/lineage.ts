/**
 * How a copy tells what it is a copy of, without the ledger: models of v3 and later by tags, classifiers (whose tags the service drops) by the end
 * of their description. What carries the marks of a model was made by us from it; everything else in a target is somebody else's.
 */
import { createHash } from "node:crypto";
import type { ModelRef } from "../keys.ts";
import type { FormService, ListedModel } from "../service/face.ts";
import { versionKeyOf } from "../version-key.ts";

const TAG_SOURCE = "dr.src";
const TAG_MODEL = "dr.model";
const TAG_VERSION = "dr.ver";

/** Hexadecimal digits of a digest in a mark: enough that no two models of an account share one. */
const DIGEST_LENGTH = 16;

/** Longest description that the service takes, characters. */
const DESCRIPTION_LIMIT = 4096;

const SUFFIX = /\s?\[dr:([0-9a-f]{16})\]$/;

/** What an original is recognised by. */
export interface Marks {
  readonly source: string;
  readonly model: string;
  readonly version: string;
}

/** A resource as marks name it: its host, so that its keys and the way to it may change. */
export function resourceMark({ endpoint }: Pick<FormService, "endpoint">): string {
  return digest(new URL(endpoint).host.toLowerCase());
}

/** The marks that copies of this model of this resource carry. */
export function marksOf(service: Pick<FormService, "endpoint">, model: ListedModel): Marks {
  return { source: resourceMark(service), model: model.id, version: versionMark(versionKeyOf(model)) };
}

/** Of a copy that was found by its mark only the digest of its version is known: it stands in the ledger after this word. */
const BY_DIGEST = "digest:";

export function isVersionOfMark(version: string): boolean {
  return version.startsWith(BY_DIGEST);
}

export function versionMark(version: string): string {
  return isVersionOfMark(version) ? version.slice(BY_DIGEST.length) : digest(version);
}

export function versionOfMark(mark: string): string {
  return BY_DIGEST + mark;
}

/** What the target is told of a copy when its place is reserved: the original's own words and tags, and the marks. */
export function markedWords(
  model: ListedModel,
  marks: Marks,
): { readonly description?: string; readonly tags: Readonly<Record<string, string>> } {
  const tags = {
    ...ownTags(model.tags),
    [TAG_SOURCE]: marks.source,
    [TAG_MODEL]: marks.model,
    [TAG_VERSION]: marks.version,
  };
  if (model.kind === "models") {
    return { tags, ...(model.description === undefined ? {} : { description: model.description }) };
  }
  const suffix = `[dr:${digestOf(marks)}]`;
  const own = ownDescription(model.description ?? "").slice(0, DESCRIPTION_LIMIT - suffix.length - 1);
  return { tags, description: own === "" ? suffix : `${own} ${suffix}` };
}

/** Text by which a mark is looked up; equal for the original (see `markTextOf`) and its copy. */
export function carriedMark(model: ListedModel): string | undefined {
  if (model.kind === "classifiers") {
    const found = SUFFIX.exec(model.description ?? "");
    return found === null ? undefined : `classifiers/${found[1]}`;
  }
  const marks = carriedMarks(model);
  return marks && `models/${digestOf(marks)}`;
}

/** Undefined also for classifiers, which carry a digest only. */
export function carriedMarks({ tags }: ListedModel): Marks | undefined {
  const [source, model, version] = [tags[TAG_SOURCE], tags[TAG_MODEL], tags[TAG_VERSION]];
  if (source === undefined || model === undefined || version === undefined) return undefined;
  return { source, model, version };
}

/** The marks of a model that is a copy of one of this resource; classifiers do not tell. */
export function marksOfOrigin(service: Pick<FormService, "endpoint">, copy: ListedModel): Marks | undefined {
  const marks = copy.kind === "models" ? carriedMarks(copy) : undefined;
  return marks?.source === resourceMark(service) ? marks : undefined;
}

export function markTextOf(kind: ModelRef["kind"], marks: Marks): string {
  return `${kind}/${digestOf(marks)}`;
}

/** Whether `copy` says of itself that it was made from exactly this state of `original`. */
export function isMarkedCopy(
  copy: ListedModel,
  service: Pick<FormService, "endpoint">,
  original: ListedModel,
): boolean {
  return carriedMark(copy) === markTextOf(original.kind, marksOf(service, original));
}

/** Description and tags without the marks: for what is made anew and is no copy. */
export function unmarkedWords({
  description,
  tags,
}: ListedModel): Readonly<{ description?: string; tags: Readonly<Record<string, string>> }> {
  return {
    tags: ownTags(tags),
    ...(description === undefined ? {} : { description: ownDescription(description) }),
  };
}

function ownTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(tags).filter(([name]) => ![TAG_SOURCE, TAG_MODEL, TAG_VERSION].includes(name));
  return Object.fromEntries(own);
}

function ownDescription(description: string): string {
  return description.replace(SUFFIX, "");
}

function digestOf({ source, model, version }: Marks): string {
  return digest(JSON.stringify([source, model, version]));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, DIGEST_LENGTH);
}
