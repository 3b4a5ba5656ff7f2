/**
 * A task that is backed up every day, with the rollup and the cleanup that follow each backup; every commit is watched.
 */
import { DAY_MS } from "../../src/model/policy/policy.ts";
import type { PolicySettings } from "../../src/model/policy/layers.ts";
import { backup } from "../../src/operations/backup.ts";
import type { Workspace } from "../../src/operations/workspace.ts";
import type { Manifest } from "../../src/repository/manifest.ts";
import { readNewestManifest } from "../../src/repository/task-store.ts";
import { collect } from "../e2e/house.ts";
import { simulatedRepository, TASK_TEXT, type SimHouse } from "../simulation/sim-house.ts";
import { watchedHouse, type Witness } from "../simulation/witness.ts";

export { TASK_TEXT as TASK };

export class RetentionRig {
  readonly house: SimHouse;
  readonly witness: Witness;

  constructor(policy: PolicySettings) {
    const { house, witness } = watchedHouse(simulatedRepository(1));
    this.house = house;
    this.witness = witness;
    house.policy = { anomaly: { enabled: false }, ...policy };
  }

  get workspace(): Workspace {
    return this.house.workspace();
  }

  async manifest(): Promise<Manifest> {
    const stored = await readNewestManifest(this.house.plain, this.house.task);
    if (stored === undefined) throw new Error("nothing is kept yet");
    return stored.manifest;
  }

  /** Runs of so many days, the next first; each item is written anew before each run: its body is the day. */
  async days(count: number, items: readonly string[]): Promise<void> {
    for (let day = 0; day < count; day++) {
      for (const key of items) {
        this.house.collection.edit(
          key,
          "live",
          JSON.stringify({ day: dayText(this.house.time) }),
          [],
          this.house.time,
        );
      }
      await this.run();
      this.house.time += DAY_MS;
    }
  }

  async run(): Promise<string> {
    const [report] = await collect(backup(this.workspace, { select: [TASK_TEXT] }));
    if (report?.state !== "committed") throw new Error(report?.error?.message ?? "nothing was run");
    return report.run;
  }
}

export function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** 2 o'clock, when runs are made. */
export const instantOf = (day: string): string => `${day}T02:00:00Z`;
