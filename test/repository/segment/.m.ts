/**
 * Run by memory.test.ts in a process of its own: writes a segment of about 300 MB of bodies into a folder, scans it, and prints the most memory
 * that it ever had.
 */
import { openSegment } from "../../../src/repository/segment/segment-reader.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import { openFolder } from "../../../src/repository/storage/folder.ts";
import type { Version } from "../../../src/model/version.ts";
import { fixedKeyring, OBSERVATION, TASK } from "./rig.ts";

const RECORDS = 500_000;
const BATCH = 500;
const BODY_BYTES = 600;

function* batches(): Generator<Version[]> {
  for (let start = 0; start < RECORDS; start += BATCH) {
    yield Array.from({ length: BATCH }, (_, index) => record(start + index));
  }
}

function record(i: number): Version {
  const name = `doc:${String(i).padStart(9, "0")}`;
  return {
    key: Buffer.from(name),
    kind: "live",
    revision: `1-${Math.imul(i, 0x9e3779b1) >>> 0}`,
    observation: OBSERVATION,
    fingerprint: Buffer.from(name).subarray(-8),
    parts: [
      Buffer.from(`{"_id":"${name}","random":${Math.imul(i, 0x85ebca6b)},`.padEnd(BODY_BYTES, `"x${i}":1,`)),
    ],
    blobs: [],
  };
}

const storage = openFolder(process.argv[2] as string);
const keyring = fixedKeyring("read");
const rss=(n:string)=>console.log(n, Math.round(process.memoryUsage().rss/1048576), Math.round(process.resourceUsage().maxRSS/1024)); rss("base"); let n=0; for (const b of batches()) n+=b.length; rss("generated");
const info = await writeSegment({ storage, keyring, task: TASK }, batches());
const w = process.resourceUsage().maxRSS/1024; const mu=process.memoryUsage(); console.log("after write", w, Math.round(mu.rss/1048576), "heap",Math.round(mu.heapTotal/1048576),"ext",Math.round(mu.external/1048576),"ab",Math.round(mu.arrayBuffers/1048576)); let records = 0;
for await (const versions of (await openSegment(storage, keyring, TASK, info)).scan())
  records += versions.length;
await storage.close();
// maxRSS is in KiB.
console.log(
  JSON.stringify({
    records,
    bodyBytes: info.counts.bodyBytes,
    maxRssMiB: process.resourceUsage().maxRSS / 1024,
  }),
);
