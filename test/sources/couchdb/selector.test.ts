import { describe, expect, test } from "vitest";
import { isHoldfastError } from "../../../src/model/errors.ts";
import { keyOf } from "../../../src/model/key.ts";
import { idPrefixRange, inRange, partitionRange } from "../../../src/sources/couchdb/key-range.ts";
import { compileSelector } from "../../../src/sources/couchdb/selector.ts";

const matches = (selector: unknown, document: unknown): boolean =>
  compileSelector(selector)(Buffer.from(JSON.stringify(document)));

describe("compileSelector", () => {
  test.each<[string, unknown, unknown]>([
    ["an empty selector", {}, { a: 1 }],
    ["an implicit equality", { a: 1 }, { a: 1 }],
    ["equality with null", { a: null }, { a: null }],
    ["equality with zero", { a: 0 }, { a: 0 }],
    ["a dotted field", { "a.b": 1 }, { a: { b: 1 } }],
    ["a nested field", { a: { b: { $gt: 0 } } }, { a: { b: 1 } }],
    ["an escaped dot", { "a\\.b": 1 }, { "a.b": 1 }],
    ["an index into an array", { "a.1": "y" }, { a: ["x", "y"] }],
    ["several fields", { a: 1, b: 2 }, { a: 1, b: 2 }],
    ["a range", { a: { $gte: 1, $lt: 3 } }, { a: 2 }],
    ["values of another type, by CouchDB's order", { a: { $gt: 5 } }, { a: "text" }],
    ["$and, twice the same field", { $and: [{ a: { $gt: 1 } }, { a: { $lt: 3 } }] }, { a: 2 }],
    [
      "$or inside $and",
      { $and: [{ $or: [{ a: 1 }, { a: 2 }] }, { $or: [{ b: 1 }, { b: 2 }] }] },
      { a: 2, b: 1 },
    ],
    ["$nor", { $nor: [{ a: 1 }, { a: 2 }] }, { a: 3 }],
    ["$not of a field", { a: { $not: { $eq: 1 } } }, { a: 2 }],
    ["$exists false", { "a.b": { $exists: false } }, { a: 0 }],
    ["$in", { a: { $in: [1, "x"] } }, { a: "x" }],
    ["$nin of an array's elements", { a: { $nin: [1] } }, { a: [2, 3] }],
    ["$all", { a: { $all: [1, 2] } }, { a: [3, 2, 1] }],
    ["$size", { a: { $size: 2 } }, { a: [1, 2] }],
    ["$mod", { a: { $mod: [3, 1] } }, { a: 7 }],
    ["$regex", { a: { $regex: "^x.z$" } }, { a: "xyz" }],
    ["$type", { a: { $type: "array" } }, { a: [] }],
    ["$elemMatch of scalars", { a: { $elemMatch: { $gt: 2 } } }, { a: [1, 3] }],
    ["$elemMatch of objects", { a: { $elemMatch: { b: 1, c: 2 } } }, { a: [{ b: 1 }, { b: 1, c: 2 }] }],
    ["$allMatch", { a: { $allMatch: { $gt: 0 } } }, { a: [1, 2] }],
    ["$keyMapMatch", { a: { $keyMapMatch: { $eq: "k" } } }, { a: { k: 1 } }],
    ["$beginsWith", { _id: { $beginsWith: "order:" } }, { _id: "order:7" }],
  ])("%s is matched", (_, selector, document) => {
    expect(matches(selector, document)).toBe(true);
  });

  test.each<[string, unknown, unknown]>([
    ["a missing field", { a: 1 }, { b: 1 }],
    ["a missing field, unequal", { a: { $ne: 1 } }, { b: 1 }],
    ["a missing field, negated", { $not: { a: 1 } }, { b: 1 }],
    ["a field below null", { "a.b": 0 }, { a: null }],
    ["a field below a zero", { "a.b": { $eq: 0 } }, { a: 0 }],
    ["$nor of a match", { $nor: [{ a: 1 }, { b: 1 }] }, { a: 2, b: 1 }],
    ["$elemMatch on the wrong element", { a: { $elemMatch: { b: 1, c: 2 } } }, { a: [{ b: 1 }, { c: 2 }] }],
    ["$elemMatch of an element that is null", { a: { $elemMatch: { b: 1 } } }, { a: [null] }],
    ["$allMatch of an empty array", { a: { $allMatch: { $gt: 0 } } }, { a: [] }],
    ["a member inherited from Object", { constructor: { $exists: true } }, {}],
  ])("%s is not matched", (_, selector, document) => {
    expect(matches(selector, document)).toBe(false);
  });

  test.each<[string, unknown]>([
    ["text", "a"],
    ["a list", []],
    ["an unknown operator", { a: { $near: 1 } }],
    ["full text search", { $text: "x" }],
    ["$in without a list", { a: { $in: 1 } }],
    ["$or without a list", { $or: { a: 1 } }],
    ["a pattern that is none", { a: { $regex: "(" } }],
    ["$exists without a boolean", { a: { $exists: 1 } }],
    ["$mod by zero", { a: { $mod: [0, 1] } }],
    ["a type that is none", { a: { $type: "date" } }],
  ])("%s is refused with usage", (_, selector) => {
    const refused = (): unknown => {
      try {
        return compileSelector(selector);
      } catch (error) {
        return error;
      }
    };
    expect(isHoldfastError(refused(), "usage")).toBe(true);
  });
});

describe("key ranges", () => {
  test("a prefix covers exactly the ids that begin with it, in byte order", () => {
    const range = idPrefixRange("a\u{10ffff}");
    expect(["a\u{10ffff}", "a\u{10ffff}x"].every((id) => inRange(range, keyOf(id)))).toBe(true);
    expect(["a", "a\uffff", "b", ""].some((id) => inRange(range, keyOf(id)))).toBe(false);
  });

  test("an empty prefix covers everything", () => {
    const range = idPrefixRange("");
    expect(range.before).toBeUndefined();
    expect(inRange(range, keyOf("\u{10ffff}"))).toBe(true);
  });

  test("a partition covers its own documents and not those of a longer name", () => {
    const range = partitionRange("eu");
    expect(inRange(range, keyOf("eu:1"))).toBe(true);
    expect(["eu", "eu2:1", "eu;", "et:z"].some((id) => inRange(range, keyOf(id)))).toBe(false);
  });

  test.each(["", "_x", "a:b"])("%j cannot be a partition", (name) => {
    expect(() => partitionRange(name)).toThrow(/partition/);
  });
});
