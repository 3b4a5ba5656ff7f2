import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { BlobFilter } from "../../../src/repository/cleanup/blob-filter.ts";

const blobs = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) =>
    createHash("sha256")
      .update(String(from + index))
      .digest("hex"),
  );

describe("a filter over blob ids", () => {
  it("has every blob that was added, and one in fifty others at most", () => {
    const filter = new BlobFilter(20_000);
    const added = blobs(0, 20_000);
    for (const blob of added) filter.add(blob);
    expect(added.filter((blob) => !filter.mayHave(blob))).toEqual([]);
    expect(blobs(1_000_000, 20_000).filter((blob) => filter.mayHave(blob)).length).toBeLessThan(400);
  });

  it("only says more often that a blob may be there when more were added than it was made for", () => {
    const filter = new BlobFilter(0);
    const added = blobs(0, 5_000);
    for (const blob of added) filter.add(blob);
    expect(added.every((blob) => filter.mayHave(blob))).toBe(true);
  });

  it("has nothing before anything was added", () => {
    expect(blobs(0, 1_000).some((blob) => new BlobFilter(10).mayHave(blob))).toBe(false);
  });
});
