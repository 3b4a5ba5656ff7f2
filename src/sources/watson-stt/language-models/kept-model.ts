/**
 * One language model as the timeline holds it: what was chosen of it, what the listing said, and which originals are known.
 */
import type { ItemKey } from "../../../model/key.ts";
import type { VersionReader } from "../../source.ts";
import {
  originalOf,
  readCapture,
  type CaptureNote,
  type KeptCapture,
  type Original,
} from "../../watson/captures.ts";
import { captureKey, type Named } from "../../watson/keys.ts";
import type { ModelGroup } from "../../watson/model-groups.ts";
import type { FileKind } from "./items.ts";
import { resourceOf, wordOf, type Resource } from "./objects.ts";
import { type CustomModel, customModelOf } from "../custom-model.ts";
import type { KnownWord } from "./word-definition.ts";

/** Captures looked up at once. */
const FOUND_AT_ONCE = 500;

export interface KeptFile {
  readonly key: ItemKey;
  readonly kind: FileKind;
  readonly resource: Resource;
  /** Undefined: it is not recoverable, and `missing` says why. */
  readonly original: Original | undefined;
  readonly missing: string;
}

export interface KeptWord extends KnownWord {
  readonly key: ItemKey;
  /** The customer whose data it is, where that was captured. */
  readonly customer: string | undefined;
}

export interface KeptModel {
  readonly named: Named;
  readonly key: ItemKey;
  /** Whether the model's own item is among the chosen ones. */
  readonly chosen: boolean;
  /** Undefined when the timeline holds none at the instant. */
  readonly model: CustomModel | undefined;
  readonly files: readonly KeptFile[];
  readonly words: readonly KeptWord[];
  /** Words that the service derived, by their keys. */
  readonly derived: ReadonlyMap<string, ItemKey>;
  /** Chosen items that had been deleted by the instant. */
  readonly deleted: readonly ItemKey[];
  /** How it was made, where that was captured: the owner's own words. */
  readonly creation: unknown;
  /** The options of its last training; undefined where none was captured. */
  readonly training: CaptureNote | undefined;
}

/** Errors: `object-*`. */
export async function readKeptModel(group: ModelGroup, reader: VersionReader): Promise<KeptModel> {
  const { named, key, resources } = group;
  const own = group.version ?? (await reader.find([key]))[0];
  const [training, creation] = await notesOf(reader, named.id, ["training", "model"]);
  const deleted: ItemKey[] = [];
  if (group.version?.kind === "deleted") deleted.push(key);
  const live = (
    kind: keyof typeof resources,
  ): { readonly key: ItemKey; readonly of: string; readonly raw: Buffer }[] =>
    resources[kind].flatMap(({ of, version }) => {
      if (version.kind === "live") return [{ key: version.key, of, raw: version.parts[0] as Buffer }];
      deleted.push(version.key);
      return [];
    });
  const files: KeptFile[] = [];
  for (const kind of ["corpora", "grammars"] as const) {
    const items = live(kind);
    const captured = await capturesOf(
      reader,
      named.id,
      items.map(({ of }) => `${kind}/${of}`),
    );
    for (const [at, item] of items.entries()) {
      files.push({ key: item.key, kind, resource: resourceOf(item.raw), ...originalOf(captured[at]) });
    }
  }
  const wordItems = live("words");
  const submitted = await notesOf(
    reader,
    named.id,
    wordItems.map(({ of }) => `words/${of}`),
  );
  return {
    named,
    key,
    chosen: group.version?.kind === "live",
    model: own?.kind === "live" ? customModelOf(own.parts[0] as Buffer) : undefined,
    files,
    words: wordItems.map((item, at) => ({
      key: item.key,
      word: wordOf(item.raw),
      submitted: submitted[at]?.body,
      customer: submitted[at]?.customer,
    })),
    derived: new Map(live("derived-words").map(({ of, key: derived }) => [of, derived])),
    deleted,
    creation: creation?.body,
    training,
  };
}

async function notesOf(
  reader: VersionReader,
  id: string,
  names: readonly string[],
): Promise<(CaptureNote | undefined)[]> {
  return (await capturesOf(reader, id, names)).map((capture) => capture?.note);
}

/** Deleted captures are none. */
async function capturesOf(
  reader: VersionReader,
  id: string,
  names: readonly string[],
): Promise<(KeptCapture | undefined)[]> {
  const found: (KeptCapture | undefined)[] = [];
  for (let from = 0; from < names.length; from += FOUND_AT_ONCE) {
    const keys = names.slice(from, from + FOUND_AT_ONCE).map((name) => captureKey(id, name));
    for (const version of await reader.find(keys)) {
      found.push(version?.kind === "live" ? readCapture(version) : undefined);
    }
  }
  return found;
}
