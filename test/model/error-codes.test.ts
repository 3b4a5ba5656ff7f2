import { expect, it } from "vitest";
import { ERROR_CODES } from "../../src/model/error-codes.ts";

const entries = Object.entries(ERROR_CODES);

it.each(entries)("%s says what happened, what is lost and what to do next", (code, entry) => {
  expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
  for (const text of [entry.meaning, entry.lost, entry.next]) expect(text).toMatch(/^[A-Z`].*[.!?]$/s);
});

it.each(entries)(
  "%s exits with a status that is not success, and restic's numbers keep their meaning",
  (_, entry) => {
    expect([1, 2, 3, 10, 11, 12, 130].includes(entry.exit) || (entry.exit >= 20 && entry.exit < 64)).toBe(
      true,
    );
  },
);
