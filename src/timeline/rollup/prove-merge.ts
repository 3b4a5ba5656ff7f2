/**
 * Proof of a merge, from the files alone and by two ways that share nothing with the merge: the tables of key hashes say
 * that every item of the inputs is in the output once, in the state of the newest input; reading the output back says that
 * the files are whole and every version in them is what the merge meant to write.
 */
import { HoldfastError } from "../../model/errors.ts";
import { compareKeys, type ItemKey } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import type { Repository } from "../../repository/repository.ts";
import { openSegment, segmentBounds } from "../../repository/segment/segment-reader.ts";
import { verifySegment } from "../../repository/segment/segment-verify.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";
import { SegmentGroup } from "../group.ts";
import { readHashes, type HashEntry } from "./hash-stream.ts";
import { VersionDigest } from "./version-digest.ts";

const READ_AHEAD_BYTES = 1 << 20;

export interface MergeClaim {
  /** Oldest first. */
  readonly inputs: readonly (readonly SegmentInfo[])[];
  readonly output: readonly SegmentInfo[];
  /** What the merge says it wrote. */
  readonly versions: number;
  readonly digest: string;
  /** Items left out on purpose. */
  readonly dropped: number;
}

/** Errors: `rollup-unproven`; `object-*`, `storage-*` when the files cannot be read. */
export async function proveMerge(
  repository: Repository,
  task: TaskName,
  claim: MergeClaim,
  signal: AbortSignal,
): Promise<void> {
  await proveFiles(repository, task, claim, signal);
  await proveItems(repository, task, claim, signal);
  await proveVersions(repository, task, claim, signal);
}

async function proveItems(
  repository: Repository,
  task: TaskName,
  claim: MergeClaim,
  signal: AbortSignal,
): Promise<void> {
  const streams = [
    ...claim.inputs.flatMap((group, rank) => group.map((segment) => ({ segment, rank }))),
    ...claim.output.map((segment) => ({ segment, rank: OUTPUT })),
  ];
  let missing = 0;
  for await (const same of readHashes(repository, task, streams, signal)) {
    const written = same.filter(({ rank }) => rank === OUTPUT);
    const newest = newestOf(same);
    if (newest.length === 0) throw unproven(task, "an item in the output that no input has");
    if (written.length === 0) missing += newest.length;
    else if (!isProven(written, newest, same))
      throw unproven(task, "an item in another state than the newest input has");
  }
  if (missing !== claim.dropped) {
    throw unproven(
      task,
      `${missing} items of the inputs missing, where ${claim.dropped} were to be left out`,
    );
  }
}

/** The rank of the output's own entries: below every input. */
const OUTPUT = -1;

/** The entries that count: those of the newest group that has the hash. */
function newestOf(same: readonly HashEntry[]): readonly HashEntry[] {
  const top = Math.max(...same.map(({ rank }) => rank));
  return top === OUTPUT ? [] : same.filter(({ rank }) => rank === top);
}

/**
 * Whether the output has the newest states and no other. Where two items share a hash, once in 2^64 pairs, the older group's
 * item is written too: that each key is there once is then proven by reading the output back.
 */
function isProven(
  written: readonly HashEntry[],
  newest: readonly HashEntry[],
  same: readonly HashEntry[],
): boolean {
  const inputs = same.filter(({ rank }) => rank !== OUTPUT);
  const alone = written.length === 1 && newest.length === 1;
  if (alone) return written[0]?.fingerprint === newest[0]?.fingerprint;
  return newest.every((entry) => has(written, entry)) && written.every((entry) => has(inputs, entry));
}

function has(entries: readonly HashEntry[], { fingerprint }: HashEntry): boolean {
  return entries.some((entry) => entry.fingerprint === fingerprint);
}

/** Both ends and the size of every file, and its filter, which a lookup opens: what reading all versions does not look at. */
async function proveFiles(
  { storage, keyring }: Repository,
  task: TaskName,
  { output }: MergeClaim,
  signal: AbortSignal,
): Promise<void> {
  for (const segment of output) {
    const findings = verifySegment(storage, keyring, task, segment, { readData: false }, signal);
    for await (const { code, message } of findings) throw new HoldfastError(code, message, { task });
    const reader = await openSegment(storage, keyring, task, segment);
    const { first } = segmentBounds(keyring, task, segment);
    if (!(await reader.mayContain(first, signal))) throw unproven(task, "an item that its filter denies");
  }
}

async function proveVersions(
  repository: Repository,
  task: TaskName,
  claim: MergeClaim,
  signal: AbortSignal,
): Promise<void> {
  const digest = new VersionDigest();
  let last: ItemKey | undefined;
  const group = new SegmentGroup(repository, task, claim.output);
  for await (const batch of group.scan({}, READ_AHEAD_BYTES, signal)) {
    for (const version of batch) {
      if (last !== undefined && compareKeys(last, version.key) >= 0)
        throw unproven(task, "items out of order");
      last = version.key;
      digest.add(version);
    }
    if (last !== undefined) last = Buffer.from(last);
  }
  if (digest.count !== claim.versions || digest.finish() !== claim.digest) {
    throw unproven(task, "other bytes than the merge wrote");
  }
}

function unproven(task: TaskName, what: string): HoldfastError {
  const message = `Reading back a merged delta of ${task} found ${what}. It was not used; the timeline is as it was.`;
  return new HoldfastError("rollup-unproven", message, { task });
}
