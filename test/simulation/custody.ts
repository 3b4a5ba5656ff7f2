/**
 * What people do to a timeline in a random history: holds laid and released, freezes acknowledged.
 */
import { keyOf } from "../../src/model/key.ts";
import { newHold, type HoldTarget } from "../../src/repository/holds.ts";
import { amendManifest } from "../../src/repository/task-store.ts";
import type { History } from "./history.ts";
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

export async function acknowledge(history: History): Promise<void> {
  const { house } = history;
  await amendManifest(house.repository(), house.task, ({ manifest }) =>
    manifest.freeze === null ? undefined : { ...manifest, freeze: null },
  );
}
