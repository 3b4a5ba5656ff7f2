/**
 * A custom model as it is stored: what was created, what state it is in, and the operation that runs on it. An operation has no timer; it
 * is over for whoever looks after its end.
 */
export type ModelKind = "language" | "acoustic";

export type ModelStatus = "pending" | "ready" | "training" | "available" | "upgrading" | "failed";

/** What keeps a model locked. */
export type Operation =
  | { readonly kind: "analysis"; readonly of: "corpus" | "grammar" | "audio"; readonly ends: number }
  | { readonly kind: "words"; readonly ends: number; readonly words: readonly StoredWord[] }
  | { readonly kind: "training"; readonly ends: number; readonly failure?: string }
  | { readonly kind: "upgrade"; readonly ends: number; readonly before: ModelStatus };

/** A word as a user defined it. */
export interface StoredWord {
  readonly word: string;
  /** Absent: not said. */
  readonly soundsLike?: readonly string[];
  readonly displayAs?: string;
  readonly mappingOnly?: boolean;
  readonly errors?: readonly Readonly<Record<string, string>>[];
  readonly customer?: string;
  /** Taken for a word of a corpus: it counts as data and is never listed. */
  readonly unlisted?: boolean;
}

/** Options of the last training; no answer of the service shows them. */
export interface Training {
  readonly at: number;
  readonly options: Readonly<Record<string, string>>;
}

/** What was created. */
export interface ModelIdentity {
  readonly id: string;
  readonly instance: string;
  readonly kind: ModelKind;
  readonly name: string;
  readonly description: string;
  readonly base: string;
  /** Of language models. */
  readonly dialect: string | undefined;
  readonly created: number;
}

export interface CustomModel extends ModelIdentity {
  updated: number;
  status: ModelStatus;
  progress: number;
  error: string | undefined;
  versions: readonly string[];
  /** Trained at least once since it was created or reset. */
  trained: boolean;
  /** Its data changed since the last training. */
  modified: boolean;
  training: Training | undefined;
  operation: Operation | undefined;
}
