/**
 * Real segments in a folder, and what is timed with them.
 */
import { createHash } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { TaskName } from "../../src/model/task.ts";
import type { Version } from "../../src/model/version.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { keyringOf } from "../../src/repository/sealing/open-keyring.ts";
import { generateX25519 } from "../../src/repository/sealing/x25519.ts";
import { taskFingerprints } from "../../src/repository/segment/fingerprint.ts";
import { openSegment } from "../../src/repository/segment/segment-reader.ts";
import { writeSegment } from "../../src/repository/segment/segment-writer.ts";
import type { SegmentInfo } from "../../src/repository/segment/segment.ts";
import { openFolder } from "../../src/repository/storage/folder.ts";
import { mergeGroups } from "../../src/timeline/rollup/merge-groups.ts";

const TASK: TaskName = "backup-00000000000000000000000000000001";
const BATCH = 250;
/** Of a delta's items, those that the next delta has too. */
const REPEATED_SHARE = 0.2;
const { signal } = new AbortController();

export interface MergeSubject {
  /** Of bodies, in all inputs. */
  readonly inputBytes: number;
  merge(): Promise<void>;
  /** Reads every version of the inputs, one segment after the other. */
  scan(): Promise<void>;
}

/** Writes `groups` deltas of together so many bytes of bodies, made up from a seed. */
export async function mergeSubject(
  parent: string,
  groups: number,
  bodyBytes: number,
  totalBytes: number,
): Promise<MergeSubject> {
  const repository = repositoryIn(await mkdtemp(join(parent, "repository-")));
  const perGroup = Math.max(1, Math.round(totalBytes / bodyBytes / groups));
  const stride = Math.max(1, Math.round(perGroup * (1 - REPEATED_SHARE)));
  const inputs: SegmentInfo[][] = [];
  for (let group = 0; group < groups; group++) {
    const records = batches(repository, group, group * stride, perGroup, bodyBytes);
    inputs.push([await writeSegment({ ...repository, task: TASK }, records)]);
  }
  return {
    inputBytes: inputs.flat().reduce((sum, { counts }) => sum + counts.bodyBytes, 0),
    merge: async () => {
      await mergeGroups(repository, TASK, inputs, { filter: true }, signal);
    },
    scan: async () => {
      for (const segment of inputs.flat()) {
        const reader = await openSegment(repository.storage, repository.keyring, TASK, segment);
        for await (const versions of reader.scan()) void versions;
      }
    },
  };
}

function repositoryIn(folder: string): Repository {
  const id = "00".repeat(16);
  const masters = { repository: id, write: Buffer.alloc(32, 1), read: Buffer.alloc(32, 2) };
  const keyring = keyringOf(masters, new Map([[1, { generation: 1, ...generateX25519() }]]));
  return { id, storage: openFolder(folder), keyring };
}

/** Items of a delta: every key of a stretch that is spread over the whole range of keys. */
function* batches(
  { keyring }: Repository,
  group: number,
  first: number,
  count: number,
  bodyBytes: number,
): Generator<Version[]> {
  const fingerprints = taskFingerprints(keyring, TASK);
  const keys = Array.from({ length: count }, (_, index) => digest(`item ${first + index}`)).sort();
  const observation = { run: "11".repeat(16), at: 1_700_000_000_000 + group, sequence: `${group}` };
  for (let start = 0; start < keys.length; start += BATCH) {
    yield keys.slice(start, start + BATCH).map((name): Version => {
      const key = Buffer.from(`order:${name}`);
      const revision = `${group + 1}-${name}`;
      const parts = [bodyOf(name, group, bodyBytes)];
      const fingerprint = fingerprints.fingerprint(key, Buffer.from(revision));
      return { key, kind: "live", revision, observation, fingerprint, parts, blobs: [] };
    });
  }
}

/** Text that compresses about as JSON documents do: a third of it is new. */
function bodyOf(name: string, group: number, bytes: number): Buffer {
  const body = Buffer.alloc(
    bytes,
    `{"_id":"${name}","total":0,"note":"alpha bravo charlie delta echo foxtrot"}`,
  );
  for (let at = 0; at + 32 < bytes; at += 96) body.write(digest(`${name} ${group} ${at}`), at, "latin1");
  return body;
}

function digest(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
