import { describe, expect, it } from "vitest";
import type { ListedModel } from "../../../src/sources/form-recognizer/service/face.ts";
import { versionKeyOf } from "../../../src/sources/form-recognizer/version-key.ts";

const V3: ListedModel = {
  kind: "models",
  id: "invoices",
  status: "ready",
  created: "2022-08-16T06:24:27Z",
  apiVersion: "2022-08-31",
  tags: {},
};

describe("the version key", () => {
  it("is the id where models never change", () => {
    expect(versionKeyOf({ ...V3, apiVersion: "v2.1", modified: "2021-05-25T18:20:47Z" })).toBe("invoices");
  });

  it("tells two trainings of one id apart by their creation, or by their last change where that is told", () => {
    expect(versionKeyOf(V3)).toBe("invoices|2022-08-16T06:24:27Z|2022-08-31");
    const v4 = { ...V3, apiVersion: "2024-11-30", modified: "2024-12-10T02:35:20Z" };
    expect(versionKeyOf(v4)).toBe("invoices|2024-12-10T02:35:20Z|2024-11-30");
  });

  it("is the same for other tags and another description", () => {
    expect(versionKeyOf({ ...V3, tags: { team: "a" }, description: "new" })).toBe(versionKeyOf(V3));
  });
});
