/**
 * Restores in place in the middle of a stage, and their undoing: each leaves the collection as it should be, and an
 * instant of its own that rollups treat in their own way.
 */
import { restore } from "../../src/operations/restore.ts";
import type { RestoreItemRow } from "../../src/operations/reports.ts";
import { undoRestore } from "../../src/operations/undo.ts";
import type { Believed, FakeCollection } from "./fake-service.ts";
import type { Stage } from "./actors.ts";
import { TASK_TEXT } from "./sim-house.ts";

export async function restoreInPlace(stage: Stage): Promise<void> {
  const { house, random, witness } = stage;
  const instant = random.pick([...(witness.newest?.entries ?? [])]).to;
  const at = new Date(instant).toISOString();
  const before = contents(house.collection);
  const since = newestInstant(stage);
  await using workspace = house.workspace();
  const request = { task: TASK_TEXT, at, scope: {}, target: { inPlace: true }, apply: true } as const;
  const left: string[] = [];
  const onItem = ({ key, action }: RestoreItemRow): void => {
    if (action === "unstable") left.push(key);
  };
  const { undo, failures } = await restore(workspace, { ...request, newerItems: "delete", onItem });
  stage.note(`${at}, undo ${undo}, unstable ${left.join()}`);
  for (const { key, action, reason } of failures) {
    stage.expect(action === "unstable", `${key} was not restored in place: ${action} ${reason ?? ""}`);
  }
  const kept = [...(witness.snapshots.get(instant) ?? [])].flatMap(([key, believed]) =>
    content(key, believed),
  );
  // An item that was erased and has not been met again is in no timeline: it could not be brought back, so it is left alone.
  const told = before.filter((line) => left.some((key) => line.startsWith(`${key} `)));
  expectSame(stage, `the restore of ${at} in place`, contents(house.collection), kept, [...kept, ...told]);
  if (undo === null || !random.chance(0.5)) return;
  // What was purged without a trace, and not noticed, counted as there when the restore began, or took another look.
  const assumed = [...witness.snapshots]
    .filter(([seen]) => seen > since)
    .flatMap(([, items]) => [...items].flatMap(([key, item]) => content(key, item)));
  await undoRestore(workspace, { task: TASK_TEXT, restore: undo });
  expectSame(stage, `the undoing of the restore of ${at}`, contents(house.collection), before, assumed);
}

function newestInstant({ witness }: Stage): number {
  return witness.newest?.entries.at(-1)?.to ?? 0;
}

function expectSame(
  stage: Stage,
  what: string,
  found: readonly string[],
  expected: readonly string[],
  allowed: readonly string[] = expected,
): void {
  for (const line of expected) stage.expect(found.includes(line), `${what} lacks ${line}`);
  for (const line of found)
    stage.expect(expected.includes(line) || allowed.includes(line), `${what} leaves ${line}`);
}

function contents({ items }: FakeCollection): string[] {
  return [...items].flatMap(([key, item]) => content(key, item));
}

/** What people see of an item: nothing of one that is gone. */
function content(key: string, believed: Believed): string[] {
  if (believed === "purged" || believed.kind === "deleted") return [];
  const blobs = believed.blobs.map((blob) => `${blob.name}=${blob.content.toString().slice(0, 12)}`);
  return [`${key} ${believed.body.toString()} ${blobs.join()}`];
}
