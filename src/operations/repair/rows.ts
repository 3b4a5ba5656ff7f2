/**
 * What a repair tells of segments and packs.
 */
import type { BlobUsers, PackPlan } from "../../timeline/repair/pack-plan.ts";
import type { SegmentPlan } from "../../timeline/repair/segment-plan.ts";
import type { LostRow, RepairedObject } from "../reports.ts";
import { foundIn, repairedRow, type Damage } from "./objects.ts";

export interface RowOptions {
  readonly copy: object | undefined;
  readonly fromSource: boolean;
  readonly acceptLoss: boolean;
}

/** `replacement`: the file that was written. */
export function segmentRow(
  damage: Damage,
  plan: SegmentPlan,
  replacement: string | null,
  options: RowOptions,
): RepairedObject {
  if (plan.missing === 0) return repairedRow(damage, foundIn(plan.sources), replacement);
  const lost = plan.lost().map(({ versions, ...row }): LostRow => ({ ...row, count: versions }));
  return lostRow(damage, foundIn(plan.sources), replacement, lost, plan.missing, options);
}

/** As `segmentRow`; each item that refers to a lost blob is told. */
export function packRow(
  damage: Damage,
  users: ReadonlyMap<string, BlobUsers>,
  plan: PackPlan,
  replacement: string | null,
  options: RowOptions,
): RepairedObject {
  if (plan.missing.size === 0) return repairedRow(damage, foundIn(plan.sources), replacement);
  const blobs = new Map<string, number>();
  const instants = new Set(damage.instants);
  for (const blob of plan.missing) {
    for (const item of users.get(blob)?.items ?? []) blobs.set(item, (blobs.get(item) ?? 0) + 1);
    for (const instant of users.get(blob)?.instants ?? []) instants.add(instant);
  }
  const lost = [...blobs].map(([key, count]): LostRow => ({ key, from: key, to: key, count }));
  const told = { ...damage, instants: [...instants] };
  return lostRow(told, foundIn(plan.sources), replacement, lost, plan.missing.size, options);
}

function lostRow(
  damage: Damage,
  found: RepairedObject["found"],
  replacement: string | null,
  lost: readonly LostRow[],
  lostCount: number,
  options: RowOptions,
): RepairedObject {
  return {
    ...damage,
    outcome: options.acceptLoss ? "given-up" : "unrepaired",
    found,
    replacement,
    lost,
    lostCount,
    next: options.acceptLoss
      ? "Run `holdfast backup --reconcile`: what the source still has is kept again from then on."
      : nextStep(options),
  };
}

function nextStep({ copy, fromSource }: RowOptions): string {
  const tries = [
    ...(copy === undefined ? ["name a copy of the repository with --from"] : []),
    ...(fromSource ? [] : ["fetch what is still current with --from-source"]),
    "give up what is lost with --accept-loss",
  ];
  const last = tries.pop() ?? "";
  const text = tries.length === 0 ? last : `${tries.join(", ")}, or ${last}`;
  return `Nothing was changed. ${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
