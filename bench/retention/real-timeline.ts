/**
 * A life played through with real segments, manifests and cleanups, in memory: what the account of sizes alone foretells,
 * with what files cost beside their versions.
 */
import type { Clock, Millis } from "../../src/model/clock.ts";
import { DAY_MS, levelOfRuns, type Policy } from "../../src/model/policy/policy.ts";
import { cleanupTask } from "../../src/repository/cleanup/cleanup-task.ts";
import { newTimedId } from "../../src/repository/ids.ts";
import { NO_RETENTION } from "../../src/repository/manifest.ts";
import { writeSegment } from "../../src/repository/segment/segment-writer.ts";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import { commitManifest, readNewestManifest } from "../../src/repository/task-store.ts";
import { rollupTask } from "../../src/timeline/rollup/rollup-task.ts";
import { accountedEntry, type Account } from "./account.ts";
import { documents, repositoryIn, TASK } from "./documents.ts";
import { runsOf, type Life, type LivedRun } from "./life.ts";

/** Keeps memory small; what is deleted is counted as rewritten all the same. */
const CLEANUP_EVERY_RUNS = 30;
const SOURCE = { name: "prod", kind: "couchdb", collection: "orders" };
const { signal } = new AbortController();

export async function liveThrough(life: Life, policy: Policy, bodyBytes: number): Promise<Account> {
  const timeline = new RealTimeline(policy, bodyBytes);
  for (const run of runsOf(life, policy)) await timeline.run(run);
  return timeline.account;
}

class RealTimeline {
  readonly #repository = repositoryIn(memoryStorage());
  readonly #policy: Policy;
  readonly #bodyBytes: number;
  #now: Millis = 0;
  readonly #clock: Clock = { now: () => this.#now };
  #runs = 0;
  #account: Account = { baselineBytes: 0, deltaBytes: 0, rewrittenBytes: 0, mostGroups: 0, entries: 0 };

  constructor(policy: Policy, bodyBytes: number) {
    this.#policy = policy;
    this.#bodyBytes = bodyBytes;
  }

  get account(): Account {
    return this.#account;
  }

  async run({ to, items }: LivedRun): Promise<void> {
    this.#now = to;
    const bytes = await this.#commit(to, items);
    const { baselineBytes, deltaBytes } = this.#account;
    const first = this.#runs === 0;
    const { rolledUp } = await rollupTask(this.#repository, TASK, {
      policy: this.#policy,
      clock: this.#clock,
      dryRun: false,
      signal,
    });
    const rewritten = rolledUp.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0);
    const newest = await readNewestManifest(this.#repository, TASK, signal);
    const entries = newest?.manifest.entries ?? [];
    this.#account = {
      baselineBytes: baselineBytes + (first ? bytes : 0),
      deltaBytes: deltaBytes + (first ? 0 : bytes),
      rewrittenBytes: this.#account.rewrittenBytes + rewritten,
      mostGroups: Math.max(this.#account.mostGroups, ...entries.map(({ groups }) => groups.length)),
      entries: entries.length,
    };
    this.#runs += 1;
    if (this.#runs % CLEANUP_EVERY_RUNS === 0) await this.#cleanUp();
  }

  /** Bytes of the run's segment. */
  async #commit(to: Millis, items: ReadonlySet<number>): Promise<number> {
    const base = await readNewestManifest(this.#repository, TASK, signal);
    const last = base?.manifest.entries.at(-1);
    const sorted = [...items].sort((a, b) => a - b);
    const versions = documents(this.#repository, sorted, this.#runs, this.#bodyBytes);
    const segment = await writeSegment({ ...this.#repository, task: TASK }, versions);
    const level = last === undefined ? "baseline" : levelOfRuns(this.#policy);
    const entry = { ...accountedEntry(level, last?.to ?? null, to, [[segment]]), id: newTimedId(to) };
    const committed = await commitManifest(this.#repository, TASK, base, {
      ...NO_RETENTION,
      ...base?.manifest,
      written: to,
      source: SOURCE,
      entries: [...(base?.manifest.entries ?? []), entry],
      packs: [],
      cursor: {},
      runsSinceReconcile: 0,
    });
    if (committed === undefined) throw new Error("Nobody else writes, and yet the run was not committed.");
    return segment.bytes;
  }

  async #cleanUp(): Promise<void> {
    await cleanupTask(this.#repository, TASK, {
      cleanupAfter: this.#policy.cleanupAfter ?? DAY_MS,
      clock: this.#clock,
      dryRun: false,
      sweep: false,
      signal,
    });
  }
}
