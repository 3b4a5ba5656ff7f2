import { expect, it } from "vitest";
import { matchesPattern } from "../../src/model/pattern.ts";

it.each([
  ["*", "orders", true],
  ["orders", "orders", true],
  ["orders", "orders2", false],
  ["orders-*", "orders-eu", true],
  ["*-eu", "orders-eu", true],
  ["o*s*u", "orders-eu", true],
  ["a.c", "abc", false],
  ["a+(b)", "a+(b)", true],
  ["", "x", false],
])("the pattern %s on %s: %s", (pattern, name, matches) => {
  expect(matchesPattern(pattern, name)).toBe(matches);
});
