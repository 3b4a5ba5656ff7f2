/**
 * The shape of `expected.json`.
 */
export interface Expected {
  readonly repository: string;
  readonly task: string;
  readonly collection: string;
  readonly passphrase: string;
  /** Every instant at which versions are kept, those that are only held included; oldest first. */
  readonly states: readonly ExpectedState[];
  /** Levels of the entries, oldest first, with the runs in each. */
  readonly entries: readonly { readonly level: string; readonly to: string; readonly runs: number }[];
  /** Instants that can be brought back. */
  readonly retired: readonly string[];
  readonly holds: readonly { readonly kind: string; readonly reason: string }[];
  /** How each run ended, newest first. */
  readonly runs: readonly string[];
  /** What a check finds in the sound repository: notes only. */
  readonly notes: readonly ExpectedFinding[];
  /** SHA-256 of every file of the repository, hex. */
  readonly files: Readonly<Record<string, string>>;
  readonly damaged: {
    /** Paths of files that it lacks. */
    readonly removed: readonly string[];
    /** SHA-256 of every file that it has in another form, hex. */
    readonly files: Readonly<Record<string, string>>;
    /** What a check that reads everything finds in it. */
    readonly findings: readonly ExpectedFinding[];
    /** What repair makes of it without any other place: the outcome for each path. */
    readonly repair: readonly { readonly path: string; readonly outcome: string; readonly lost: number }[];
  };
}

export interface ExpectedFinding {
  readonly severity: string;
  readonly code: string;
  readonly path: string;
  readonly runs: readonly string[];
  readonly instants: readonly string[];
  readonly items: readonly string[];
}

/** What is kept under one instant: everything at a kept one, the held items at one that is only held. */
export interface ExpectedState {
  readonly instant: string;
  readonly held: boolean;
  readonly items: readonly {
    readonly key: string;
    readonly kind: string;
    readonly revision: string;
    /** Raw bodies. */
    readonly parts: readonly string[];
    readonly blobs: readonly { readonly name: string; readonly base64: string }[];
  }[];
  /** Items whose version was given up. */
  readonly lost: readonly string[];
}
