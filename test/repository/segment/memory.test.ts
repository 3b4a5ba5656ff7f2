import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

/** Node itself takes about 60 MiB; measured here: 150 to 180 whatever the size of the segment. */
const MAX_RSS_MIB = 220;

describe("writing and scanning a segment", () => {
  it("takes no more memory for 300 MB of versions than for a few", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-segment-"));
    try {
      const script = fileURLToPath(new URL("memory-child.ts", import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [script, folder]);
      const result = JSON.parse(stdout) as { records: number; bodyBytes: number; maxRssMiB: number };
      expect(result).toMatchObject({ records: 500_000, bodyBytes: 300_000_000 });
      expect(result.maxRssMiB).toBeLessThan(MAX_RSS_MIB);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
