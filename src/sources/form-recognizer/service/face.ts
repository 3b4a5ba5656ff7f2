/**
 * What every generation of the API can be asked, in one form. `v2.ts` speaks v2.0 and v2.1, `v3.ts` everything since 2022-08-31; whoever copies,
 * captures or retrains does not see the difference except through `traits`.
 */
import type { Millis } from "../../../model/clock.ts";
import type { ApiVersion } from "../config.ts";
import type { ModelKind, ModelRef } from "../keys.ts";

/** A model or classifier as a list shows it. */
export interface ListedModel extends ModelRef {
  /** v3 and later list only what is ready. */
  readonly status: "creating" | "ready" | "invalid";
  readonly name?: string;
  readonly description?: string;
  readonly created: string;
  /** When it was last changed, where the service tells. */
  readonly modified?: string;
  readonly expires?: string;
  /** The version that it was made with; of v2.x the one called. */
  readonly apiVersion: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A model or classifier, read whole. */
export interface ModelDetails extends ListedModel {
  /** The answer's exact bytes. */
  readonly raw: Buffer;
  /** The same, parsed. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly composed: boolean;
  /** Ids of the components of a composed model and of the classifier it uses; empty where the service does not tell. */
  readonly components: readonly string[];
  readonly classifier?: string;
  /** `template`, `neural`, `labelled`, `unlabelled`, `composed`, `classifier`. */
  readonly buildMode: string;
}

/** The right to copy one model into one place of a target, once. A secret: never kept, logged or shown. */
export interface CopyTicket {
  /** Id that the copy will have in the target. */
  readonly targetId: string;
  readonly expires: Millis;
  /** The body of the copy request, exactly as it must be sent. */
  readonly payload: string;
  /** What must not appear in messages. */
  readonly secret: string;
}

export type CopyState =
  | { readonly status: "notStarted" | "running" }
  | { readonly status: "succeeded" }
  /** `code`, `message`: the service's own. */
  | { readonly status: "failed"; readonly code: string; readonly message: string }
  /** The service does not know the operation (any more). */
  | { readonly status: "unknown" };

/** An operation of v3 and later as its list shows it. */
export interface ListedOperation {
  readonly operation: string;
  readonly kind: string;
  readonly status: string;
  readonly created: string;
  /** Id of the model or classifier that is being made. */
  readonly makes: string;
}

/** How a model or classifier is built from data in a container. */
export interface BuildRequest {
  readonly kind: ModelKind;
  /** v3 and later: the wanted id. v2.x chooses one. */
  readonly id: string;
  /** v2.1: the model's name. */
  readonly name?: string;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly buildMode: string;
  /** Container URL with SAS: a secret. A classifier has one source for each document type. */
  readonly container: string;
  readonly prefix: string;
  /** `fileList`: name of a file in the container that lists the documents, instead of a prefix. */
  readonly docTypes?: Readonly<Record<string, { readonly prefix: string; readonly fileList?: string }>>;
}

export interface ComposeRequest {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Ids in this resource. */
  readonly components: readonly string[];
  /** v4: the classifier, and document types with their models' ids in this resource, other members as they were. */
  readonly classifier?: string;
  readonly docTypes?: Readonly<Record<string, unknown>>;
  readonly split?: string;
}

/** Something that was begun; `operation` is where to ask. */
export interface Begun {
  readonly id: string;
  readonly operation: string;
}

export interface FormService extends AsyncDisposable {
  readonly endpoint: string;
  readonly apiVersion: ApiVersion;
  readonly traits: {
    /** v2.x: the service chooses ids, and authorising makes a placeholder that stays. */
    readonly choosesIds: boolean;
    readonly classifiers: boolean;
    readonly classifierCopies: boolean;
    readonly composes: boolean;
    readonly listsOperations: boolean;
  };
  readonly traffic: { readonly requests: number; readonly throttled: number };
  /** Where the service says that it runs, as it shows it (`East US`); absent until an answer has told. */
  readonly region?: string | undefined;

  /** Every custom model and classifier in any state, each once; no prebuilt ones; pages are followed to their end. */
  list(kinds: readonly ModelKind[], signal: AbortSignal): AsyncIterable<readonly ListedModel[]>;
  /** Undefined where there is none. v2.x also shows creating and invalid ones. */
  details(ref: ModelRef, signal: AbortSignal): Promise<ModelDetails | undefined>;
  /** A model that is gone already is no error. */
  remove(ref: ModelRef, signal: AbortSignal): Promise<void>;
  /** Custom models of the resource and how many it may hold. */
  room(signal: AbortSignal): Promise<{ readonly count: number; readonly limit: number }>;

  /**
   * Asked of the target. `id`: the wanted one (v3 and later). Never repeated by itself.
   * Errors: `target-refused` when the id is taken or reserved (`context.code` `ModelExists`), `source-*`.
   */
  authorise(
    wanted: ModelRef & { readonly description?: string; readonly tags?: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<CopyTicket>;
  /**
   * Asked of the source. Never repeated by itself but for 429, which does not use the ticket up. `degrade`: accept a less secure encryption in the target.
   * Answers `unsure` when the outcome is unknown (5xx, connection lost): look before authorising anew.
   */
  submitCopy(
    ref: ModelRef,
    ticket: CopyTicket,
    degrade: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly operation: string } | "unsure">;
  /** Asked of the source. */
  copyState(operation: string, signal: AbortSignal): Promise<CopyState>;
  /** The newest operations; empty where there is no such list. */
  operations(signal: AbortSignal): AsyncIterable<readonly ListedOperation[]>;

  build(request: BuildRequest, signal: AbortSignal): Promise<Begun>;
  compose(request: ComposeRequest, signal: AbortSignal): Promise<Begun>;
  /** Of a build or composition. */
  buildState(begun: Begun & { readonly kind: ModelKind }, signal: AbortSignal): Promise<CopyState>;
}
