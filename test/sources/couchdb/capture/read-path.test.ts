import { describe, expect, it } from "vitest";
import { chooseReadPath } from "../../../../src/sources/couchdb/capture/read-path.ts";
import type { CouchConfig } from "../../../../src/sources/couchdb/config.ts";
import { doc, openPlace, signal } from "../harness.ts";

const config: CouchConfig = { url: "", auth: { kind: "none" } };
const many = (count: number, generations: readonly string[], prefix: string) =>
  Array.from({ length: count }, (_, at) => doc(`${prefix}${at}`, generations));

describe("the way a baseline is read", () => {
  it("is by name in id order where reads are free", async () => {
    await using place = await openPlace();
    const database = await place.fill("d", many(10, ["1"], "a"));
    expect(await chooseReadPath(database, config, signal)).toBe("bulk");
  });

  it("is the feed where each read is charged and histories are short", async () => {
    await using place = await openPlace({ vendor: "cloudant" });
    const young = await place.fill("young", [...many(19, ["1"], "a"), ...many(1, ["2", "1"], "b")]);
    const old = await place.fill("old", [...many(10, ["1"], "a"), ...many(10, ["2", "1"], "b")]);
    expect(await chooseReadPath(young, config, signal)).toBe("feed");
    expect(await chooseReadPath(old, config, signal)).toBe("bulk");
  });

  it("is the feed under a budget of reads, and whatever the configuration says", async () => {
    await using place = await openPlace();
    const database = await place.fill("d", many(10, ["1"], "a"));
    expect(await chooseReadPath(database, { ...config, budget: { reads: 100 } }, signal)).toBe("feed");
    expect(await chooseReadPath(database, { ...config, readPath: "feed" }, signal)).toBe("feed");
    expect(
      await chooseReadPath(database, { ...config, readPath: "bulk", budget: { reads: 9 } }, signal),
    ).toBe("bulk");
  });
});
