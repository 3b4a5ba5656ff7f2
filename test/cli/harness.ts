/**
 * Runs the command line in this process: streams that remember, operations that the test gives, a clock that stands.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Io, Stream } from "../../src/cli/io.ts";
import type { Operations } from "../../src/cli/operations.ts";
import { run } from "../../src/cli/run.ts";
import type { Connections } from "../../src/operations/connections.ts";
import type { Workspace, WorkspaceOptions } from "../../src/operations/workspace.ts";

export const NOW = Date.parse("2026-11-21T12:00:00Z");

export interface Scene {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly terminal?: boolean;
  readonly columns?: number;
  /** Answers to questions, in order. */
  readonly answers?: readonly string[];
  readonly operations?: Partial<Operations>;
  readonly signal?: AbortSignal;
  /** The reader of stdout goes away after this many writes. */
  readonly closesAfter?: number;
  readonly now?: () => number;
}

export interface Outcome {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Questions that were asked. */
  readonly asked: readonly string[];
  /** What workspaces were opened with. */
  readonly opened: readonly WorkspaceOptions[];
}

export async function holdfast(words: readonly string[], scene: Scene = {}): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const asked: string[] = [];
  const opened: WorkspaceOptions[] = [];
  const answers = [...(scene.answers ?? [])];
  const ask = async (question: string): Promise<string> => {
    asked.push(question);
    const answer = answers.shift();
    if (answer === undefined) throw new Error(`nobody answers "${question}"`);
    return answer;
  };
  const io: Io = {
    stdout: stream(out, scene, scene.closesAfter),
    stderr: stream(err, scene),
    env: scene.env ?? {},
    cwd: scene.cwd ?? emptyFolder(),
    home: "/nowhere",
    interactive: scene.terminal ?? false,
    ask,
    askSecret: ask,
  };
  const operations = {
    openWorkspace: async (options: WorkspaceOptions) => {
      opened.push(options);
      return { sources: options.sources, async [Symbol.asyncDispose]() {} } as unknown as Workspace;
    },
    connect: async (sources: unknown) =>
      ({ sources, async [Symbol.asyncDispose]() {} }) as unknown as Connections,
    ...scene.operations,
  } as Operations;
  const exit = await run(words, {
    io,
    clock: { now: scene.now ?? (() => NOW) },
    operations,
    signal: scene.signal ?? new AbortController().signal,
  });
  return { exit, stdout: out.join(""), stderr: err.join(""), asked, opened };
}

export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "holdfast-cli-"));
}

/** The lines of a text, each parsed as JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** What a test gives in place of an operation that yields rows. */
export function yields<Row>(...rows: Row[]): () => AsyncGenerator<Row> {
  return async function* () {
    yield* rows;
  };
}

function stream(into: string[], scene: Scene, closesAfter = Infinity): Stream {
  let writes = 0;
  return {
    isTTY: scene.terminal ?? false,
    columns: scene.terminal ? (scene.columns ?? 100) : undefined,
    get closed() {
      return writes >= closesAfter;
    },
    async write(text) {
      writes += 1;
      if (writes <= closesAfter)
        into.push(typeof text === "string" ? text : Buffer.from(text).toString("utf8"));
    },
  };
}

/** A repository and two sources, of which one needs a secret. */
export const CONFIG = `repository: { folder: /r, passphrase: env:P }
sources:
  prod: { kind: couchdb, url: http://prod, auth: { type: iam, apiKey: env:KEY } }
  lab: { kind: couchdb, url: http://lab }
`;

/** A folder with that configuration, and the operations that the test gives. */
export function configured(operations: Scene["operations"], more: Scene = {}): Scene {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, "holdfast.yaml"), CONFIG);
  return { cwd, env: { P: "p", KEY: "k" }, operations: operations ?? {}, ...more };
}
