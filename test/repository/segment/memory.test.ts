import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

/** Node and its modules take about 90 MiB of this; measured: 168 to 209. */
const MAX_RSS_MIB = 240;
/** Measured: 220 to 275, the same for a blob of 1.5 GB; with the blob in memory it would be 390. */
const MAX_BLOB_RSS_MIB = 330;
/**
 * Five times the records: their hashes (16 bytes each, and the filter being built) and chance; measured: 12 to 43.
 */
const MAX_GROWTH_MIB = 80;
/** V8 lets young garbage grow with the machine's memory; held still, what is measured is ours. */
const NODE_FLAGS = ["--max-semi-space-size=4"];

interface Result {
  readonly records: number;
  readonly bodyBytes: number;
  readonly maxRssMiB: number;
}

describe("writing and reading segments and packs", () => {
  it("takes hardly more memory for 300 MB of versions than for 60, and no more for a blob of 300 MB", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-segment-"));
    try {
      const script = fileURLToPath(new URL("memory-child.ts", import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [...NODE_FLAGS, script, folder]);
      const [small, large, blob] = JSON.parse(stdout) as [Result, Result, Result];
      expect(large).toMatchObject({ records: 500_000, bodyBytes: 300_000_000 });
      expect(large.maxRssMiB).toBeLessThan(MAX_RSS_MIB);
      expect(blob).toMatchObject({ bodyBytes: 300_000_900 });
      expect(blob.maxRssMiB).toBeLessThan(MAX_BLOB_RSS_MIB);
      expect(large.maxRssMiB - small.maxRssMiB).toBeLessThan(MAX_GROWTH_MIB);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
