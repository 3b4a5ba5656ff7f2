/**
 * Made-up documents of a given size, and a repository of a benchmark's own that takes them. The same in every run.
 */
import type { TaskName } from "../../src/model/task.ts";
import type { Version } from "../../src/model/version.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { keyringOf } from "../../src/repository/sealing/open-keyring.ts";
import { generateX25519 } from "../../src/repository/sealing/x25519.ts";
import { taskFingerprints } from "../../src/repository/segment/fingerprint.ts";
import type { Storage } from "../../src/repository/storage/storage.ts";

export const TASK: TaskName = "backup-00000000000000000000000000000001";
const ID = "00".repeat(16);
const BATCH = 500;
/** A batch is held in memory as a whole. */
const BATCH_BYTES = 1 << 20;
const WORDS =
  "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa".split(
    " ",
  );

export function repositoryIn(storage: Storage): Repository {
  const keyring = keyringOf(
    { repository: ID, write: Buffer.alloc(32, 1), read: Buffer.alloc(32, 2) },
    new Map([[1, { generation: 1, ...generateX25519() }]]),
  );
  return { id: ID, storage, keyring };
}

/** The states that a run finds of items, ascending, each of about so many bytes. */
export function* documents(
  { keyring }: Repository,
  items: Iterable<number>,
  run: number,
  bodyBytes: number,
): Generator<readonly Version[]> {
  const fingerprints = taskFingerprints(keyring, TASK);
  const observation = { run: run.toString(16).padStart(32, "0"), at: run, sequence: `${run}-abc` };
  const size = Math.max(1, Math.min(BATCH, Math.floor(BATCH_BYTES / bodyBytes)));
  let batch: Version[] = [];
  for (const item of items) {
    const key = Buffer.from(`order:${String(item).padStart(9, "0")}`);
    const revision = `${run + 1}-${String(item)}`;
    const fingerprint = fingerprints.fingerprint(key, Buffer.from(revision));
    const parts = [bodyOf(item, run, bodyBytes)];
    batch.push({ key, kind: "live", revision, observation, fingerprint, parts, blobs: [] });
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** JSON of words and numbers, as orders are. */
function bodyOf(item: number, run: number, bytes: number): Buffer {
  const next = random(Math.imul(item + 1, 0x9e3779b1) ^ Math.imul(run + 1, 0x85ebca6b));
  let text = `{"_id":"order:${item}","customer":${next()},"paid":${next() % 2 === 0},"lines":"`;
  while (text.length < bytes - 2)
    text += next() % 4 === 0 ? `${next()} ` : `${WORDS[next() % WORDS.length] as string} `;
  return Buffer.from(`${text.slice(0, bytes - 2)}"}`);
}

/** xorshift32. */
export function random(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}
