/**
 * What a capture remembers of a resource between runs, in its cursor: of each model and classifier a mark of its list entry, so that an
 * unchanged resource costs its lists and no more, and a mark of the training that its training data was tied to; and what the data sets were.
 *
 * A cursor without this memory (further writers committed before the first capture) means: read everything, as a delta.
 */
import { createHash } from "node:crypto";
import { canonicalText } from "../../../model/json/canonical.ts";
import type { CaptureRequest, Cursor } from "../../source.ts";
import type { ApiVersion, DataSetConfig } from "../config.ts";
import type { DataSetMemory } from "../data/face.ts";
import type { ModelKind, ModelRef } from "../keys.ts";
import type { ListedModel } from "../service/face.ts";

/** Characters of a mark, 6 bits each: of two states of one model one in 2^60 is taken for the other. Twenty thousand models fit 1.5 MB. */
const MARK_CHARACTERS = 10;

/** Ties to no known data set are tried again when other sets are configured; the others never, because later evidence is worse. */
const UNKNOWN = "?";

/** `entry`: of the list. `tie`: of the version whose training data was looked for; empty before. `api`: the version that it was made with. */
interface Remembered {
  readonly entry: string;
  readonly tie: string;
  readonly api: string;
}

interface Kept {
  /** `kind/id` to `entry:tie:api`. */
  readonly models: Readonly<Record<string, string>>;
  /** Mark of the configured data sets. */
  readonly sets: string;
  /** By name of the set. */
  readonly data: Readonly<Record<string, DataSetMemory>>;
}

export class Memory {
  /** Whether a run before this one, or this one before it was cut off, has left something. */
  readonly recalled: boolean;
  /** What is remembered of each data set, by its name. */
  readonly data: Map<string, DataSetMemory>;
  readonly #models: Map<string, Remembered>;
  readonly #sets: string;

  constructor(
    recalled: boolean,
    models: Map<string, Remembered>,
    sets: string,
    data: Map<string, DataSetMemory>,
  ) {
    this.recalled = recalled;
    this.data = data;
    this.#models = models;
    this.#sets = sets;
  }

  static recall(request: Pick<CaptureRequest, "cursor" | "resume">, sets: readonly DataSetConfig[]): Memory {
    const kept = keptIn(request.resume) ?? keptIn(request.cursor);
    const configured = setsMark(sets);
    const others = kept?.sets !== configured;
    const models = Object.entries(kept?.models ?? {}).map(([name, text]): [string, Remembered] => {
      const [entry = "", tie = "", api = ""] = text.split(":");
      return [name, { entry, tie: others && tie.startsWith(UNKNOWN) ? "" : tie, api }];
    });
    const data = new Map(Object.entries(kept?.data ?? {}));
    return new Memory(kept !== undefined, new Map(models), configured, data);
  }

  /** Whether what was kept of it is all there is, as far as the list tells. */
  isUnchanged(listed: ListedModel): boolean {
    return this.#models.get(nameOf(listed))?.entry === entryMark(listed);
  }

  /** Everything of it was handed over but what it was trained from. */
  remember(listed: ListedModel, version: string): void {
    const tie = this.#models.get(nameOf(listed))?.tie ?? "";
    const same = tie === mark(version) || tie === `${UNKNOWN}${mark(version)}`;
    const { apiVersion: api } = listed;
    this.#models.set(nameOf(listed), { entry: entryMark(listed), tie: same ? tie : "", api });
  }

  /** What it was trained from has been looked for. `found`: in a data set, however sure, or there is nothing to be found. */
  tied(ref: ModelRef, version: string, found: boolean): void {
    const known = this.#models.get(nameOf(ref));
    if (known !== undefined) {
      this.#models.set(nameOf(ref), { ...known, tie: `${found ? "" : UNKNOWN}${mark(version)}` });
    }
  }

  /** Those for which that is still to be done. */
  untied(): ModelRef[] {
    return [...this.#models].flatMap(([name, { tie }]) => (tie === "" ? [refOf(name)] : []));
  }

  /**
   * Those that were there before and are not among these (`kind/id`). `hidden`: whoever speaks this version of the API is not shown them, so
   * nothing is known of them: the source spoke another one before.
   */
  missing(
    present: ReadonlySet<string>,
    called: ApiVersion,
  ): { readonly gone: ModelRef[]; readonly hidden: ModelRef[] } {
    const gone: ModelRef[] = [];
    const hidden: ModelRef[] = [];
    for (const [name, { api }] of this.#models) {
      if (!present.has(name)) (isShown(api, called) ? gone : hidden).push(refOf(name));
    }
    return { gone, hidden };
  }

  forget(ref: ModelRef): void {
    this.#models.delete(nameOf(ref));
  }

  cursor(): Cursor {
    const models = [...this.#models].map(([name, { entry, tie, api }]) => [name, `${entry}:${tie}:${api}`]);
    const data = Object.fromEntries(this.data);
    return { form: { models: Object.fromEntries(models), sets: this.#sets, data } satisfies Kept };
  }
}

/** `kind/id`: also the text of the item's key. */
export function nameOf({ kind, id }: ModelRef): string {
  return `${kind}/${id}`;
}

function refOf(name: string): ModelRef {
  const slash = name.indexOf("/");
  return { kind: name.slice(0, slash) as ModelKind, id: name.slice(slash + 1) };
}

/** v2.x shows only its own models; a later version those from v3.0 on that were made with it or an earlier one. */
function isShown(api: string, called: ApiVersion): boolean {
  if (api === "" || isOld(called) !== isOld(api)) return api === "";
  return isOld(called) || api.slice(0, called.length) <= called;
}

function isOld(api: string): boolean {
  return api.startsWith("v2");
}

function entryMark(listed: ListedModel): string {
  const { status, name, description, created, modified, expires, apiVersion, tags } = listed;
  return mark(canonicalText([status, name, description, created, modified, expires, apiVersion, tags]));
}

/** Of what decides which files belong to which model; secrets do not. */
function setsMark(sets: readonly DataSetConfig[]): string {
  return mark(canonicalText(sets.map(({ name, url, prefix, models }) => [name, url, prefix, models])));
}

function mark(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("base64url").slice(0, MARK_CHARACTERS);
}

function keptIn(cursor: Cursor | undefined): Kept | undefined {
  const kept = cursor?.["form"];
  return typeof kept === "object" && kept !== null && "models" in kept ? (kept as Kept) : undefined;
}
