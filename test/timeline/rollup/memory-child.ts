/**
 * Run by memory.test.ts in a process of its own. In a folder, it merges ten groups of about 18 MB of bodies together, then ten
 * of 90 MB, and prints the most memory that it had had after each.
 */
import type { Version } from "../../../src/model/version.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import type { SegmentInfo } from "../../../src/repository/segment/segment.ts";
import { openFolder } from "../../../src/repository/storage/folder.ts";
import { mergeGroups } from "../../../src/timeline/rollup/merge-groups.ts";
import { fixedKeyring, OBSERVATION, TASK } from "../../repository/segment/rig.ts";

const GROUPS = 10;
const BATCH = 500;
const BODY_BYTES = 600;

/** Every tenth record, beginning at the group's number, and the first thousand of all groups. */
function* batches(records: number, group: number): Generator<Version[]> {
  let batch: Version[] = [];
  for (let i = 0; i < records; i++) {
    if (i % GROUPS !== group && i >= 1_000) continue;
    const key = Buffer.from(`doc:${String(i).padStart(9, "0")}`);
    const body = Buffer.alloc(BODY_BYTES, `{"document":${i},"words":"lorem ipsum dolor sit amet"}`);
    for (let at = 0; at < body.length; at += 16) body.writeUInt32LE(Math.imul(i + at, 0x9e3779b1) >>> 0, at);
    const common = { kind: "live", observation: OBSERVATION, blobs: [] } as const;
    batch.push({ ...common, key, revision: `${group + 1}-a`, fingerprint: key.subarray(-8), parts: [body] });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const storage = openFolder(process.argv[2] as string);
const keyring = fixedKeyring("read");
const repository = { id: "", storage, keyring };
const { signal } = new AbortController();
const results: { versions: number; readBytes: number; maxRssMiB: number }[] = [];
for (const records of [30_000, 150_000]) {
  const groups: SegmentInfo[][] = [];
  for (let group = 0; group < GROUPS; group++) {
    groups.push([await writeSegment({ storage, keyring, task: TASK }, batches(records, group))]);
  }
  const { versions, readBytes } = await mergeGroups(repository, TASK, groups, { filter: true }, signal);
  // maxRSS is in KiB.
  results.push({ versions, readBytes, maxRssMiB: Math.round(process.resourceUsage().maxRSS / 1024) });
}
await storage.close();
console.log(JSON.stringify(results));
