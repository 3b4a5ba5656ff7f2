/**
 * What people do to a timeline in a random history: holds laid and released, freezes acknowledged, items erased.
 */
import { isHoldfastError } from "../../src/model/errors.ts";
import { keyOf } from "../../src/model/key.ts";
import { acknowledge } from "../../src/operations/acknowledge.ts";
import { erase } from "../../src/operations/erase.ts";
import { newHold, type HoldTarget } from "../../src/repository/holds.ts";
import { amendManifest } from "../../src/repository/task-store.ts";
import type { History } from "./history.ts";
import { TASK_TEXT } from "./sim-house.ts";
import { KEYS, PREFIXES } from "./world.ts";

export async function addHold(history: History): Promise<void> {
  const { random, witness, house } = history;
  const entries = witness.newest?.entries ?? [];
  const kind = random.pick(["instant", "item", "prefix"] as const);
  const target: HoldTarget =
    kind === "instant"
      ? { kind, instant: random.pick(entries).to }
      : { kind, key: keyOf(random.pick(kind === "item" ? KEYS : PREFIXES)) };
  history.note(target.kind === "instant" ? new Date(target.instant).toISOString() : target.key.toString());
  const repository = house.repository();
  const hold = newHold(repository.keyring, house.task, target, "simulated", house.time);
  await amendManifest(repository, house.task, ({ manifest }) => ({
    ...manifest,
    holds: [...manifest.holds, hold],
  }));
}

export async function releaseHold(history: History): Promise<void> {
  const { random, witness, house } = history;
  const holds = witness.newest?.holds ?? [];
  if (holds.length === 0) return;
  const { id } = random.pick(holds);
  await amendManifest(house.repository(), house.task, ({ manifest }) => ({
    ...manifest,
    holds: manifest.holds.filter((hold) => hold.id !== id),
  }));
}

export async function acknowledgeFreeze(history: History): Promise<void> {
  const { house, random, witness } = history;
  await using workspace = house.workspace();
  const request = { task: TASK_TEXT, reason: "simulated", expected: random.chance(0.5) };
  await acknowledge(workspace, request);
  history.expect(witness.newest?.freeze === null, "the timeline is frozen though it was acknowledged");
}

/** Refused under a hold; else no file that the timeline needs holds the item any more. */
export async function eraseItem(history: History): Promise<void> {
  const { house, random, witness } = history;
  const item = random.pick(KEYS);
  const isHeld = witness.held.coverOf(keyOf(item)) !== undefined;
  history.note(`${item}${isHeld ? ", held" : ""}`);
  await using workspace = house.workspace();
  witness.erasing = item;
  try {
    const { applied } = await erase(workspace, { task: TASK_TEXT, item, reason: "simulated" });
    history.expect(!isHeld, `${item} was erased though it is held`);
    history.note(`erased: ${applied}`);
    witness.forget(item);
    history.expect(!(await witness.holds(item)), `${item} was erased and is still in a file`);
  } catch (error) {
    if (!isHoldfastError(error, "item-held", "item-not-kept")) throw error;
    history.note(error.code);
    history.expect(isHeld || error.code === "item-not-kept" || pinned(history), `refused: ${error.message}`);
  } finally {
    witness.erasing = undefined;
  }
  await witness.lookAgain();
}

/** Whether a whole instant is held. */
function pinned({ witness }: History): boolean {
  return witness.newest?.holds.some(({ instant }) => instant !== null) ?? false;
}
