/** What several tests of restore begin with: trees of every shape, and reading of failures. */
import { HoldfastError } from "../../../../src/model/errors.ts";
import { keyText } from "../../../../src/model/key.ts";
import type { RestoreOutcome } from "../../../../src/sources/source.ts";
import { doc } from "../harness.ts";

/** Trees of every shape: conflicts, tombstones with bodies, deleted conflicts, ids that no URL can name. */
export const TREES = [
  doc("plain", ["a"], '"v":1'),
  doc("edited", ["c", "b", "a"], '"v":3'),
  doc("conflict", ["x", "a"], '"v":"x"'),
  doc("conflict", ["y", "a"], '"v":"y"'),
  doc("resolved", ["r2", "r1"], '"v":1'),
  doc("resolved", ["r4", "r3", "r1"], "", true),
  doc("gone", ["g2", "g1"], "", true),
  doc("gone-with-body", ["g2", "g1"], '"why":"moved","n":1.0', true),
  doc("a+b", ["a"]),
  doc("a/b", ["a"]),
  doc(".", ["a"]),
  doc("..", ["b", "a"]),
  doc("été\u{1f600}", ["a"]),
  doc("x\u0000y\u2028", ["a"]),
];

export async function thrown(act: Promise<unknown>): Promise<HoldfastError> {
  const error: unknown = await act.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof HoldfastError)) throw new Error(`not one of ours: ${String(error)}`);
  return error;
}

export function reasons(outcomes: readonly RestoreOutcome[]): Record<string, string> {
  return Object.fromEntries(outcomes.map(({ key, reason }) => [keyText(key), reason ?? ""]));
}
