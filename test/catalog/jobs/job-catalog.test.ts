import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openJobCatalog, readJobMemories } from "../../../src/catalog/jobs/job-catalog.ts";

const MEMORY = { startedAt: 1, endedAt: null, failures: 2, succeededAt: 0, error: "source-unreachable" };

function newFolder(): string {
  return join(mkdtempSync(join(tmpdir(), "holdfast-catalog-")), "deep", "server");
}

it("remembers over a restart, and only the newest of each job", async () => {
  const folder = newFolder();
  {
    using catalog = await openJobCatalog(folder);
    expect(catalog.get("check")).toBeUndefined();
    catalog.set("check", MEMORY);
    catalog.set("check", { ...MEMORY, failures: 3 });
    catalog.set("backup a/'b\"\n", { ...MEMORY, endedAt: 5, error: null, succeededAt: null });
  }
  using catalog = await openJobCatalog(folder);
  expect(catalog.get("check")).toEqual({ ...MEMORY, failures: 3 });
  expect(catalog.get("backup a/'b\"\n")).toEqual({ ...MEMORY, endedAt: 5, error: null, succeededAt: null });
});

it("serves one server at a time, and shows others what it knows meanwhile", async () => {
  const folder = newFolder();
  using catalog = await openJobCatalog(folder);
  catalog.set("check", MEMORY);
  await expect(openJobCatalog(folder)).rejects.toMatchObject({ code: "task-busy" });
  using reader = readJobMemories(folder);
  expect(reader.get("check")).toEqual(MEMORY);
});

it("is empty where no server has been, and leaves nothing behind for having looked", () => {
  const folder = newFolder();
  using reader = readJobMemories(folder);
  expect(reader.get("check")).toBeUndefined();
});

it("says which folder it is when it cannot be used", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-catalog-"));
  writeFileSync(
    join(folder, "catalog.sqlite"),
    "no database, but long enough to be taken for something".repeat(50),
  );
  await expect(openJobCatalog(folder)).rejects.toMatchObject({
    code: "file-failed",
    message: expect.stringContaining(folder) as string,
  });
  expect(() => readJobMemories(folder)).toThrow(/cannot be used/);
});
