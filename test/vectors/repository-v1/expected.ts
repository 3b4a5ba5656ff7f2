/**
 * The shape of `expected.json`.
 */
export interface Expected {
  readonly repository: string;
  readonly task: string;
  readonly collection: string;
  readonly keys: { readonly passphrase: string; readonly identity: string; readonly writePassphrase: string };
  /** Oldest first. */
  readonly states: readonly ExpectedState[];
  /** Every kept version of every item, newest first. */
  readonly history: Readonly<
    Record<string, readonly { readonly instant: string; readonly kind: string; readonly revision: string }[]>
  >;
  /** How each run ended, in any order of those begun at one time. */
  readonly runs: readonly string[];
  readonly undo: { readonly restore: string; readonly restored: string; readonly items: readonly string[] };
  /** SHA-256 of every file of the repository, hex. */
  readonly files: Readonly<Record<string, string>>;
}

/** Everything as of one instant, purged items included, in byte order of key. */
export interface ExpectedState {
  readonly instant: string;
  readonly items: readonly {
    readonly key: string;
    readonly kind: string;
    readonly revision: string;
    /** Raw bodies. */
    readonly parts: readonly string[];
    readonly blobs: readonly { readonly name: string; readonly base64: string }[];
  }[];
}
