/**
 * The registration of source kinds: one line for each question that only a kind can answer.
 */
import type { Clock } from "../model/clock.ts";
import type { ItemKey } from "../model/key.ts";
import type { CouchConfig } from "./couchdb/config.ts";
import { openCouchSource } from "./couchdb/index.ts";
import { partitionRange } from "./couchdb/key-range.ts";
import { compileSelector } from "./couchdb/selector.ts";
import type { Source } from "./source.ts";

export type SourceOptions = { readonly kind: "couchdb" } & CouchConfig;

export type SourceKind = SourceOptions["kind"];

/** `clock`: what instants are told by. */
export function openSource(options: SourceOptions, clock: Clock): Source {
  switch (options.kind) {
    case "couchdb":
      return openCouchSource(options, clock);
  }
}

/** How one kind's items are chosen and shown. */
export interface KindTraits {
  /** Members of a body that are bookkeeping: left out of a diff. */
  readonly bookkeeping: readonly string[];
  /** Keys of one partition. Errors: `usage`. */
  partition(name: string): { readonly from: ItemKey; readonly before: ItemKey | undefined };
  /** A test on an item's first part. Errors: `usage` when the selector is not one. */
  selector(selector: unknown): (part: Buffer) => boolean;
  /** Whether an item is part of the collection's settings rather than of its data. */
  isSetting(key: ItemKey): boolean;
}

const UNDERSCORE = 0x5f;

const TRAITS: Readonly<Record<SourceKind, KindTraits>> = {
  couchdb: {
    bookkeeping: ["_revisions"],
    partition: partitionRange,
    selector: compileSelector,
    // `_security`, `_settings`, `_local/…`: no document's id begins so but a design document's.
    isSetting: (key) => key[0] === UNDERSCORE && !key.toString("utf8").startsWith("_design/"),
  },
};

/** Errors: none; a kind that is not registered does not compile. */
export function traitsOf(kind: SourceKind): KindTraits {
  return TRAITS[kind];
}
