/**
 * A Watson source whose service is a fake, over a repository in memory: what commits captures beside its runs.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../../../src/model/clock.ts";
import type { TaskName } from "../../../src/model/task.ts";
import type { SourceSettings } from "../../../src/operations/connections.ts";
import { Workspace } from "../../../src/operations/workspace.ts";
import type { Repository } from "../../../src/repository/repository.ts";
import type { SourceOptions } from "../../../src/sources/kinds.ts";
import type { CaptureNote, PendingCapture, WatsonCollection } from "../../../src/sources/watson/captures.ts";
import { captureKey } from "../../../src/sources/watson/keys.ts";
import { simulatedRepository } from "../../simulation/sim-house.ts";
import { StubSource } from "./stub-source.ts";

export const SOURCE = "prod-stt";
export const COLLECTION = "language-models";
export const TASK = `${SOURCE}/${COLLECTION}`;

export interface CaptureRig {
  readonly workspace: Workspace;
  readonly repository: Repository;
  readonly source: StubSource;
  readonly task: TaskName;
  readonly clock: Clock & { time: number };
}

export function watsonSettings(name: string, url = "http://stt.example"): SourceSettings {
  const options: SourceOptions = { kind: "watson-stt", url, auth: { kind: "none" } };
  return { name, collections: ["*"], exclude: [], options };
}

export function captureRig(repository: Repository = simulatedRepository(1)): CaptureRig {
  const source = new StubSource();
  const clock = {
    time: Date.UTC(2026, 0, 1, 2),
    now(): number {
      return this.time;
    },
  };
  const workspace = new Workspace(repository, [watsonSettings(SOURCE)], clock, () => source);
  const task = repository.keyring.taskName(SOURCE, "watson-stt", COLLECTION);
  return { workspace, repository, source, task, clock };
}

/** An upload that passed through the gateway. */
export function upload(
  scope: string,
  rest: string,
  text: string,
  more: Partial<PendingCapture> & { readonly at?: string } = {},
): PendingCapture {
  const { at = "2026-01-01T02:00:00.000Z", ...given } = more;
  const content = Buffer.from(text, "utf8");
  const note: CaptureNote = {
    operation: "addCorpus",
    at,
    evidence: "captured",
    by: "gateway",
    query: {},
    sha256: createHash("sha256").update(content).digest("hex"),
    length: content.length,
  };
  return {
    collection: COLLECTION satisfies WatsonCollection,
    key: captureKey(scope, rest),
    kind: "live",
    note,
    content: { length: content.length, open: () => pieces(content) },
    ...given,
  };
}

/** What the service was told to delete. */
export function gone(scope: string, rest: string): PendingCapture {
  const note: CaptureNote = {
    operation: "deleteCorpus",
    at: "2026-01-01T03:00:00.000Z",
    evidence: "captured",
    by: "gateway",
    query: {},
  };
  const prefix = rest === "" || rest.endsWith("/");
  const key = Buffer.from(`captures/${scope}/${rest}`, "utf8");
  return { collection: COLLECTION, key, kind: "deleted", note, ...(prefix ? { prefix: true } : {}) };
}

async function* pieces(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}
