/**
 * What merging deltas costs beside plainly reading them, in a folder.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Repository } from "../../src/repository/repository.ts";
import { segmentPath } from "../../src/repository/paths.ts";
import { writeSegment } from "../../src/repository/segment/segment-writer.ts";
import type { SegmentInfo } from "../../src/repository/segment/segment.ts";
import { openFolder } from "../../src/repository/storage/folder.ts";
import { SegmentGroup } from "../../src/timeline/group.ts";
import { mergeGroups, scanGroups } from "../../src/timeline/rollup/merge-groups.ts";
import { proveMerge } from "../../src/timeline/rollup/prove-merge.ts";
import { VersionDigest } from "../../src/timeline/rollup/version-digest.ts";
import { documents, random, repositoryIn, TASK } from "./documents.ts";

export interface Load {
  readonly items: number;
  readonly bodyBytes: number;
  readonly deltas: number;
}

/** Seconds are medians of the rounds. */
export interface Throughput {
  readonly versions: number;
  /** Of the inputs: bodies, and what they are as files. */
  readonly inputBodyBytes: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Reading every version of the inputs, one segment behind the other. */
  readonly scanS: number;
  /** Merging, writing and proving. */
  readonly mergeS: number;
  /** The part of it that is the proof. */
  readonly proofS: number;
}

/** Each delta has this share of the items: of eight deltas nine items in ten are in at least one, and most in two. */
const DELTA_SHARE = 0.25;
/** As a rollup reads a single group. */
const READ_AHEAD_BYTES = 1 << 20;
const { signal } = new AbortController();

export async function measureThroughput(load: Load, rounds: number): Promise<Throughput> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  const storage = openFolder(folder);
  try {
    return await new Merging(repositoryIn(storage), load).measure(rounds);
  } finally {
    await storage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class Merging {
  readonly #repository: Repository;
  readonly #load: Load;
  readonly #groups: (readonly SegmentInfo[])[] = [];

  constructor(repository: Repository, load: Load) {
    this.#repository = repository;
    this.#load = load;
  }

  async measure(rounds: number): Promise<Throughput> {
    const { items, bodyBytes, deltas } = this.#load;
    for (let delta = 0; delta < deltas; delta++) {
      const target = { ...this.#repository, task: TASK };
      const versions = documents(this.#repository, chosen(items, delta), delta, bodyBytes);
      this.#groups.push([await writeSegment(target, versions)]);
    }
    const scans: number[] = [];
    const merges: number[] = [];
    const proofs: number[] = [];
    let outputBytes = 0;
    // The first round warms the compiler up, as the first seconds of any rollup do.
    for (let round = 0; round <= rounds; round++) {
      const scan = await seconds(() => this.#scan());
      let output: readonly SegmentInfo[] = [];
      const merge = await seconds(async () => {
        output = (await mergeGroups(this.#repository, TASK, this.#groups, { filter: true }, signal)).segments;
      });
      const proof = await this.#prove(output);
      outputBytes = bytesOf(output);
      for (const { id } of output) await this.#repository.storage.remove(segmentPath(TASK, id));
      if (round === 0) continue;
      scans.push(scan);
      merges.push(merge);
      proofs.push(proof);
    }
    const inputs = this.#groups.flat();
    return {
      versions: inputs.reduce((sum, { counts }) => sum + counts.live, 0),
      inputBodyBytes: inputs.reduce((sum, { counts }) => sum + counts.bodyBytes, 0),
      inputBytes: bytesOf(inputs),
      outputBytes,
      scanS: median(scans),
      mergeS: median(merges),
      proofS: median(proofs),
    };
  }

  async #scan(): Promise<void> {
    for (const group of this.#groups) {
      const reader = new SegmentGroup(this.#repository, TASK, group);
      for await (const batch of reader.scan({}, READ_AHEAD_BYTES, signal)) void batch;
    }
  }

  /** The proof once more, alone; what the merge must have written is found by merging again. */
  async #prove(output: readonly SegmentInfo[]): Promise<number> {
    const digest = new VersionDigest();
    for await (const batch of scanGroups(this.#repository, TASK, this.#groups, signal))
      for (const version of batch) digest.add(version);
    const versions = digest.count;
    const claim = { inputs: this.#groups, output, versions, digest: digest.finish(), dropped: 0 };
    return await seconds(() => proveMerge(this.#repository, TASK, claim, signal));
  }
}

function* chosen(items: number, delta: number): Generator<number> {
  const next = random(delta + 1);
  for (let item = 0; item < items; item++) if (next() / 2 ** 32 < DELTA_SHARE) yield item;
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

function bytesOf(segments: readonly SegmentInfo[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}
