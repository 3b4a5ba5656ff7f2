/**
 * What segments cost: writing, scanning and looking up documents of about 600 bytes.
 *
 *     node bench/segment.ts [documents]
 *
 * The data are made up from a seed, so two runs see the same bytes. CPU seconds (user and system, all threads) are the figure to compare; wall
 * times depend on what else the machine does.
 */
import { createHash, hash } from "node:crypto";
import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import { keyringOf } from "../src/repository/sealing/open-keyring.ts";
import { generateX25519 } from "../src/repository/sealing/x25519.ts";
import { memoryStorage } from "../src/repository/storage/memory.ts";
import type { TaskName } from "../src/model/task.ts";
import type { Version } from "../src/model/version.ts";
import { taskFingerprints } from "../src/repository/segment/fingerprint.ts";
import { openPages } from "../src/repository/segment/segment-pages.ts";
import { openSegment } from "../src/repository/segment/segment-reader.ts";
import { writeSegment } from "../src/repository/segment/segment-writer.ts";

const DOCUMENTS = Number(process.argv[2] ?? 200_000);
const BATCH = 500;
const LOOKUPS = 300;
const TASK: TaskName = "backup-00000000000000000000000000000001";
const WORDS =
  "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa".split(
    " ",
  );

const repository = "00".repeat(16);
const pair = generateX25519();
const keyring = keyringOf(
  { repository, write: Buffer.alloc(32, 1), read: Buffer.alloc(32, 2) },
  new Map([[1, { generation: 1, ...pair }]]),
);
const fingerprints = taskFingerprints(keyring, TASK);
const observation = { run: "11".repeat(16), at: 1_700_000_000_000, sequence: "1-abc" };

function keyOf(i: number): Buffer {
  return Buffer.from(`order:${String(i).padStart(9, "0")}`);
}

/** xorshift32. */
function random(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

interface Document {
  readonly key: Buffer;
  readonly revision: string;
  readonly fingerprint: Buffer;
  readonly body: Buffer;
}

function document(i: number): Document {
  const next = random(i + 1);
  const key = keyOf(i);
  const digest = createHash("md5").update(key).digest("hex");
  const revision = `${1 + (i % 3)}-${digest}`;
  const text = Array.from({ length: 50 }, () => WORDS[next() % WORDS.length]).join(" ");
  const body = `{"_id":"${key.toString()}","_rev":"${revision}","customer":${next()},"total":${next() % 100_000},"paid":${next() % 2 === 0},"at":"2026-0${1 + (next() % 9)}-1${next() % 10}T12:${10 + (next() % 50)}:00Z","note":"${text}","token":"${digest}","tags":["${WORDS[next() % 16]}","${WORDS[next() % 16]}"],"address":{"street":"${WORDS[next() % 16]} ${next() % 500}","city":"${WORDS[next() % 16]}","zip":"${next() % 100_000}"}}`;
  return {
    key,
    revision,
    fingerprint: fingerprints.fingerprint(key, Buffer.from(revision)),
    body: Buffer.from(body),
  };
}

const FIELD_BYTES: readonly number[] = [15, 34, 8];

/**
 * All documents in one buffer, because a million small objects held alive would make the garbage collector the
 * thing measured. Each is key, revision and fingerprint of fixed width, then the body.
 */
class Documents {
  readonly #bytes: Buffer;
  readonly #offsets: Float64Array;

  constructor(count: number) {
    const pieces: Buffer[] = [];
    this.#offsets = new Float64Array(count + 1);
    let bytes = 0;
    for (let start = 0; start < count; start += BATCH) {
      const batch: Buffer[] = [];
      for (let i = start; i < Math.min(count, start + BATCH); i++) {
        const { key, revision, fingerprint, body } = document(i);
        batch.push(key, Buffer.from(revision), fingerprint, body);
        bytes += key.length + revision.length + fingerprint.length + body.length;
        this.#offsets[i + 1] = bytes;
      }
      pieces.push(Buffer.concat(batch));
    }
    this.#bytes = Buffer.concat(pieces);
  }

  get count(): number {
    return this.#offsets.length - 1;
  }

  get bodyBytes(): number {
    return this.#bytes.length - this.count * FIELD_BYTES.reduce((sum, bytes) => sum + bytes);
  }

  *batches(count = this.count): Generator<Version[]> {
    for (let start = 0; start < count; start += BATCH) {
      const batch: Version[] = [];
      for (let i = start; i < Math.min(count, start + BATCH); i++) batch.push(this.#version(i));
      yield batch;
    }
  }

  #version(i: number): Version {
    let at = this.#offsets[i] as number;
    const [key, revision, fingerprint] = FIELD_BYTES.map((bytes) => this.#bytes.subarray(at, (at += bytes)));
    return {
      key: key as Buffer,
      kind: "live",
      revision: (revision as Buffer).toString("latin1"),
      observation,
      fingerprint: fingerprint as Buffer,
      parts: [this.#bytes.subarray(at, this.#offsets[i + 1])],
      blobs: [],
    };
  }
}

interface Cost {
  readonly wallS: number;
  readonly cpuS: number;
}

async function measure<T>(work: () => Promise<T>): Promise<[T, Cost]> {
  const before = process.cpuUsage();
  const start = performance.now();
  const result = await work();
  const wallS = (performance.now() - start) / 1000;
  const used = process.cpuUsage(before);
  return [result, { wallS, cpuS: (used.user + used.system) / 1e6 }];
}

function line(name: string, value: string): void {
  console.log(`${name.padEnd(34)} ${value}`);
}

const documents = new Documents(DOCUMENTS);
const { bodyBytes } = documents;
line("machine", `${cpus().length} x ${cpus()[0]?.model.trim()}, node ${process.version}`);
line(
  "data",
  `${DOCUMENTS} documents, ${(bodyBytes / 1e6).toFixed(1)} MB, mean ${Math.round(bodyBytes / DOCUMENTS)} bytes`,
);

const storage = memoryStorage();
// The first segment warms the compiler up, as the first seconds of any backup do.
await writeSegment({ storage, keyring, task: TASK }, documents.batches(20_000));
const [info, write] = await measure(() =>
  writeSegment({ storage, keyring, task: TASK }, documents.batches()),
);
line("write", `${write.cpuS.toFixed(2)} CPU-s, ${write.wallS.toFixed(2)} s`);
line(
  "",
  `${(bodyBytes / 1e6 / write.wallS).toFixed(0)} MB/s, ${Math.round(DOCUMENTS / write.wallS)} documents/s`,
);
line("", `${(info.bytes / 1e6).toFixed(1)} MB, ratio ${(bodyBytes / info.bytes).toFixed(2)}`);

const reader = await openSegment(storage, keyring, TASK, info);
const [count, scan] = await measure(async () => {
  let records = 0;
  for await (const versions of reader.scan()) records += versions.length;
  return records;
});
line(
  "scan",
  `${Math.round(count / scan.wallS)} records/s, ${scan.cpuS.toFixed(2)} CPU-s, ${scan.wallS.toFixed(2)} s`,
);

const latencies: number[] = [];
for (let i = 0; i < LOOKUPS; i++) {
  const key = keyOf((i * 7919) % DOCUMENTS);
  const start = performance.now();
  const found = await reader.get(key);
  latencies.push(performance.now() - start);
  if (found === undefined) throw new Error(`${key.toString()} is not found.`);
}
latencies.sort((a, b) => a - b);
line(
  "lookup",
  `p50 ${latencies[LOOKUPS >> 1]?.toFixed(2)} ms, p95 ${latencies[Math.floor(LOOKUPS * 0.95)]?.toFixed(2)} ms`,
);

const hashes = Array.from({ length: DOCUMENTS }, (_, i) => fingerprints.keyHash(keyOf(i))).sort((a, b) =>
  a < b ? -1 : 1,
);
const pages = await openPages(storage, keyring, TASK, info);
const [, known] = await measure(() => pages.fingerprints(hashes));
line("fingerprints of all keys", `${Math.round(DOCUMENTS / known.wallS)} /s`);

const keys = Array.from({ length: DOCUMENTS }, (_, i) => keyOf(i));
const [, sip] = await measure(async () => keys.forEach((key) => fingerprints.keyHashHalves(key)));
line("SipHash-2-4 of a key", `${((sip.wallS / DOCUMENTS) * 1e6).toFixed(3)} µs`);
const [, sha] = await measure(async () => keys.forEach((key) => hash("sha256", key, "buffer")));
line("crypto.hash sha256 of a key", `${((sha.wallS / DOCUMENTS) * 1e6).toFixed(3)} µs`);
line("RSS", `${Math.round(process.memoryUsage().rss / 1048576)} MiB, all documents in memory`);
