/**
 * What people do to a timeline in a random history: holds laid and released, instants brought back from the trash,
 * freezes acknowledged, items erased.
 */
import { isHoldfastError } from "../../src/model/errors.ts";
import { keyOf } from "../../src/model/key.ts";
import { acknowledge } from "../../src/operations/acknowledge.ts";
import { erase } from "../../src/operations/erase.ts";
import { addHold, releaseHold } from "../../src/operations/holds.ts";
import { listTrash, restoreFromTrash } from "../../src/operations/trash.ts";
import type { Stage } from "./actors.ts";
import { TASK_TEXT } from "./sim-house.ts";
import { KEYS, PREFIXES } from "./world.ts";

export async function layHold(stage: Stage): Promise<void> {
  const { random, witness, house } = stage;
  const target = random.pick([
    { at: textOf(random.pick([...(witness.newest?.entries ?? [])]).to) },
    { item: random.pick(KEYS) },
    { prefix: random.pick(PREFIXES) },
  ]);
  stage.note(JSON.stringify(target));
  await using workspace = house.workspace();
  await addHold(workspace, { task: TASK_TEXT, reason: "simulated", ...target });
}

export async function release(stage: Stage): Promise<void> {
  const { random, witness, house } = stage;
  const holds = witness.newest?.holds ?? [];
  if (holds.length === 0) return;
  const { id: hold, kind } = random.pick(holds);
  stage.note(kind);
  await using workspace = house.workspace();
  await releaseHold(workspace, { task: TASK_TEXT, hold });
}

/** Whatever the trash lists can be brought back; one of it is. */
export async function bringBack(stage: Stage): Promise<void> {
  const { random, witness, house } = stage;
  await using workspace = house.workspace();
  const listed: string[] = [];
  for await (const { instant } of listTrash(workspace, { task: TASK_TEXT })) listed.push(instant);
  if (listed.length === 0) return;
  const request = { task: TASK_TEXT, reason: "simulated" };
  for (const at of listed) {
    const { instant } = await restoreFromTrash(workspace, { ...request, at, dryRun: true });
    stage.expect(instant === at, `${at} is in the trash and ${instant} would be brought back`);
  }
  const at = random.pick(listed);
  stage.note(at);
  await restoreFromTrash(workspace, { ...request, at });
  const isBack = witness.newest?.entries.some(({ to }) => textOf(to) === at);
  stage.expect(isBack === true, `${at} was brought back and is not kept`);
}

function textOf(instant: number): string {
  return new Date(instant).toISOString().replace(".000Z", "Z");
}

export async function acknowledgeFreeze(stage: Stage): Promise<void> {
  const { house, random, witness } = stage;
  await using workspace = house.workspace();
  const request = { task: TASK_TEXT, reason: "simulated", expected: random.chance(0.5) };
  await acknowledge(workspace, request);
  stage.expect(witness.newest?.freeze === null, "the timeline is frozen though it was acknowledged");
}

/** Refused under a hold; else no file that the timeline needs holds the item any more. */
export async function eraseItem(stage: Stage): Promise<void> {
  const { house, random, witness } = stage;
  const item = random.pick(KEYS);
  const isHeld = witness.held.coverOf(keyOf(item)) !== undefined;
  stage.note(`${item}${isHeld ? ", held" : ""}`);
  await using workspace = house.workspace();
  witness.erasing = item;
  try {
    const { applied } = await erase(workspace, { task: TASK_TEXT, item, reason: "simulated" });
    stage.expect(!isHeld, `${item} was erased though it is held`);
    stage.note(`erased: ${applied}`);
    witness.forget(item);
    stage.expect(!(await witness.holds(item)), `${item} was erased and is still in a file`);
  } catch (error) {
    if (!isHoldfastError(error, "item-held", "item-not-kept")) throw error;
    stage.note(error.code);
    stage.expect(isHeld || error.code === "item-not-kept" || pinned(stage), `refused: ${error.message}`);
  } finally {
    witness.erasing = undefined;
  }
  await witness.lookAgain();
}

/** Whether a whole instant is held. */
function pinned({ witness }: Stage): boolean {
  return witness.newest?.holds.some(({ instant }) => instant !== null) ?? false;
}
