/**
 * What the command line needs of the process around it, so that tests can stand in for it.
 */
export interface Stream {
  /** Whether a person sees it. */
  readonly isTTY: boolean;
  /** Width in characters; undefined when it is not a terminal. */
  readonly columns: number | undefined;
  /** Resolves when more may be written. A reader that has gone away is not an error; `closed` then becomes true. */
  write(text: string | Uint8Array): Promise<void>;
  readonly closed: boolean;
}

export interface Io {
  readonly stdout: Stream;
  readonly stderr: Stream;
  /** Standard input, to be read once; ends with an error when the signal fires. */
  readonly stdin?: (signal: AbortSignal) => AsyncIterable<Buffer>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  /** Whether there is a person who can be asked. */
  readonly interactive: boolean;
  /** Asks on stderr; the answer is shown while it is typed. Rejects when the signal fires or input ends. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** As `ask`, without showing the answer. */
  askSecret(question: string, signal: AbortSignal): Promise<string>;
}
