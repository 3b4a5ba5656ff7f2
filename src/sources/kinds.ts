/**
 * The registration of source kinds: one line for each question that only a kind can answer.
 */
import type { Clock } from "../model/clock.ts";
import type { ItemKey } from "../model/key.ts";
import type { Version } from "../model/version.ts";
import type { CouchConfig } from "./couchdb/config.ts";
import { openCouchSource } from "./couchdb/index.ts";
import { partitionRange } from "./couchdb/key-range.ts";
import { compileSelector } from "./couchdb/selector.ts";
import type { FormConfig } from "./form-recognizer/config.ts";
import { openFormSource } from "./form-recognizer/index.ts";
import { formReadiness } from "./form-recognizer/readiness.ts";
import { FORM_TRAITS } from "./form-recognizer/traits.ts";
import type { CopyStep } from "./live-copies.ts";
import type { Readiness, Source, VersionReader } from "./source.ts";
import type { WatsonConfig } from "./watson/config.ts";
import { STT_COLLECTIONS } from "./watson-stt/collections.ts";
import { openWatsonStt } from "./watson-stt/index.ts";
import { sttReadiness } from "./watson-stt/readiness.ts";
import { openWatsonTts } from "./watson-tts/index.ts";
import { ttsReadiness } from "./watson-tts/readiness.ts";
import { WATSON_TRAITS } from "./watson/traits.ts";

export type SourceOptions =
  | ({ readonly kind: "couchdb" } & CouchConfig)
  | ({ readonly kind: "watson-tts" } & WatsonConfig)
  | ({ readonly kind: "watson-stt" } & WatsonConfig)
  | ({ readonly kind: "form-recognizer" } & FormConfig);

export type SourceKind = SourceOptions["kind"];

/** `clock`: what instants are told by. */
export function openSource(options: SourceOptions, clock: Clock): Source {
  switch (options.kind) {
    case "couchdb":
      return openCouchSource(options, clock);
    case "watson-tts":
      return openWatsonTts(options, clock);
    case "watson-stt":
      return openWatsonStt(options, clock);
    case "form-recognizer":
      return openFormSource(options, clock);
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
  /**
   * Whether a version that was added later tells what the item was at every earlier instant at which nothing is known of it: an original that
   * somebody registers when it is needed.
   */
  readonly tellsOfEarlier?: (version: Version) => boolean;
  /** Every collection, for kinds of which the service has these and no others. */
  readonly collections?: readonly string[];
  /** Collections that a standby of such a source is kept in step with, in the order in which they must be applied. */
  readonly standby?: readonly { readonly collection: string; readonly prefix?: string }[];
  /** Of an item that applications name by an id which is another in a second instance: where the id map has it. */
  readonly addressed?: (key: ItemKey) => { readonly group: string; readonly kept: string } | undefined;
  /**
   * Whether each object could be rebuilt from the items alone, in byte order of key; absent for kinds whose items are all that there
   * is. `collection`: the task's.
   */
  readonly readiness?: (collection: string, reader: VersionReader) => AsyncIterable<Readiness>;
  /** With `readiness`: what to do about an object that could not be rebuilt. */
  readonly remedy?: string;
  /** Of kinds with live copies. */
  readonly copied?: {
    /** The name under which a copy of a kept version is known (`CopyStep.version`); undefined: it is never copied. */
    readonly stateOf: (version: Version) => string | undefined;
    /** The item that a copy is in its own resource. */
    readonly itemOf: (step: Pick<CopyStep, "key" | "target">) => string;
  };
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
  "watson-tts": {
    ...WATSON_TRAITS,
    collections: ["voice-models"],
    standby: [{ collection: "voice-models" }],
    readiness: ttsReadiness,
  },
  "watson-stt": {
    ...WATSON_TRAITS,
    collections: [...STT_COLLECTIONS.keys()],
    // Acoustic models are trained with language models. Jobs are not run twice; their callbacks are registered.
    standby: [
      { collection: "language-models" },
      { collection: "acoustic-models" },
      { collection: "jobs", prefix: "captures/callbacks/" },
    ],
    readiness: sttReadiness,
  },
  "form-recognizer": {
    ...FORM_TRAITS,
    collections: ["resource"],
    standby: [{ collection: "resource" }],
    readiness: formReadiness,
  },
};

/** Errors: none; a kind that is not registered does not compile. */
export function traitsOf(kind: SourceKind): KindTraits {
  return TRAITS[kind];
}
