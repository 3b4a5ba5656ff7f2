/**
 * People at work on a collection: random edits, deletions, purges and attachments.
 */
import type { FakeBlob, FakeCollection } from "./fake-service.ts";
import type { Random } from "./random.ts";

/** Some share prefixes, some are not ASCII. */
export const KEYS = [
  "a/1",
  "a/2",
  "a/3",
  "a/10",
  "b",
  "b/1",
  "c ü",
  "d\u{1F600}",
  "e",
  "f/x/1",
  "f/x/2",
  "g",
] as const;

/** Prefixes that a hold may be laid on. */
export const PREFIXES = ["a/", "f/", "b"] as const;

export function editRandomly(collection: FakeCollection, random: Random, at: number): void {
  const key = random.pick(KEYS);
  const choice = random.next();
  if (choice < 0.68) collection.edit(key, "live", bodyOf(random), blobsOf(random), at);
  else if (choice < 0.88) {
    if (collection.items.get(key)?.kind === "live") collection.edit(key, "deleted", `{"why":1.0}`, [], at);
  } else collection.purge(key);
}

function bodyOf(random: Random): string {
  return `{"n":${random.below(1_000_000)},"f":1.0,"text":"${random.hex(random.between(1, 40))}"}`;
}

/** Few contents, so that they come up again. */
function blobsOf(random: Random): FakeBlob[] {
  if (!random.chance(0.15)) return [];
  const content = Buffer.from(`attachment ${random.below(2)} `.repeat(10));
  return [{ name: `file ${random.below(2)}`, content }];
}
