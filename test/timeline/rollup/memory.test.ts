import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** Node and its modules take about 90 MiB of this; measured: 193 to 219, also for 200 MB. */
const MAX_RSS_MIB = 280;
/** Five times the records: their hashes (16 bytes each, and the filter being built) and chance; measured: 27 to 33. */
const MAX_GROWTH_MIB = 60;
/** V8 lets young garbage grow with the machine's memory; held still, what is measured is ours. */
const NODE_FLAGS = ["--max-semi-space-size=4"];

interface Result {
  readonly versions: number;
  readonly readBytes: number;
  readonly maxRssMiB: number;
}

it("merging 90 MB of versions takes hardly more memory than merging 18", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-rollup-"));
  try {
    const script = fileURLToPath(new URL("memory-child.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [...NODE_FLAGS, script, folder]);
    const [small, large] = JSON.parse(stdout) as [Result, Result];
    expect(small.versions).toBe(30_000);
    expect(large.versions).toBe(150_000);
    expect(large.readBytes).toBeGreaterThan(4 * small.readBytes);
    expect(large.maxRssMiB).toBeLessThan(MAX_RSS_MIB);
    expect(large.maxRssMiB - small.maxRssMiB).toBeLessThan(MAX_GROWTH_MIB);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
