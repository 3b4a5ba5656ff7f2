/**
 * Run by memory.test.ts in a process of its own. In a folder, it writes and scans a segment of about 60 MB of bodies,
 * then one of 300 MB, then writes and reads a blob of 300 MB, and prints the most memory that it had had after each.
 */
import { openSegment } from "../../../src/repository/segment/segment-reader.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import { openFolder } from "../../../src/repository/storage/folder.ts";
import type { Version } from "../../../src/model/version.ts";
import { openPack } from "../../../src/repository/blobs/pack-reader.ts";
import { PackWriter } from "../../../src/repository/blobs/pack-writer.ts";
import type { PackInfo } from "../../../src/repository/blobs/pack.ts";
import { fixedKeyring, noise, OBSERVATION, TASK } from "./rig.ts";

const BATCH = 500;
const BODY_BYTES = 600;

/** As a source hands them over: the bodies of a batch are views of one buffer. */
function* batches(records: number): Generator<Version[]> {
  for (let start = 0; start < records; start += BATCH) {
    const bodies = Buffer.alloc(
      BATCH * BODY_BYTES,
      `{"start":${start},"words":"lorem ipsum dolor sit amet"}`,
    );
    for (let at = 0; at < bodies.length; at += 16)
      bodies.writeUInt32LE(Math.imul(start + at, 0x9e3779b1) >>> 0, at);
    yield Array.from({ length: BATCH }, (_, index) => record(start + index, bodies, index * BODY_BYTES));
  }
}

function record(i: number, bodies: Buffer, at: number): Version {
  const key = Buffer.from(`doc:${String(i).padStart(9, "0")}`);
  return {
    key,
    kind: "live",
    revision: `1-${Math.imul(i, 0x9e3779b1) >>> 0}`,
    observation: OBSERVATION,
    fingerprint: key.subarray(-8),
    parts: [bodies.subarray(at, at + BODY_BYTES)],
    blobs: [],
  };
}

const storage = openFolder(process.argv[2] as string);
const keyring = fixedKeyring("read");
const results: { records: number; bodyBytes: number; maxRssMiB: number }[] = [];
for (const count of [100_000, 500_000]) {
  const info = await writeSegment({ storage, keyring, task: TASK }, batches(count));
  let records = 0;
  for await (const versions of (await openSegment(storage, keyring, TASK, info)).scan())
    records += versions.length;
  // maxRSS is in KiB.
  const maxRssMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  results.push({ records, bodyBytes: info.counts.bodyBytes, maxRssMiB });
}
const content = noise(1_000_003);
async function* blob(): AsyncGenerator<Buffer> {
  for (let i = 0; i < 300; i++) {
    content[0] = i;
    yield Buffer.from(content);
  }
}
await using writer = new PackWriter({ storage, keyring }, TASK);
const stored = await writer.add(blob(), "identity", "0".repeat(32));
const [pack] = (await writer.finish()) as [PackInfo];
let bodyBytes = 0;
const reader = await openPack({ storage, keyring }, TASK, pack);
for await (const bytes of reader.stream(stored.blob)) bodyBytes += bytes.length;
results.push({ records: 1, bodyBytes, maxRssMiB: Math.round(process.resourceUsage().maxRSS / 1024) });
await storage.close();
console.log(JSON.stringify(results));
