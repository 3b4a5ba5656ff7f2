/**
 * Writing the segment that takes the place of a damaged one: everything that was found of it, read back to the last byte
 * before anybody is told of it.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { Version } from "../../model/version.ts";
import { segmentPath } from "../../repository/paths.ts";
import type { Repository } from "../../repository/repository.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";
import { verifySegment } from "../../repository/segment/segment-verify.ts";
import { writeSegment } from "../../repository/segment/segment-writer.ts";
import { mergeNewest } from "../merge.ts";
import { salvage } from "./salvage.ts";
import type { Donor, SegmentPlan } from "./segment-plan.ts";

/** Null when nothing was found. Errors: `object-damaged` when what was written is not what it must be; `storage-*`. */
export async function writeRepaired(
  repository: Repository,
  plan: SegmentPlan,
  signal: AbortSignal,
): Promise<SegmentInfo | null> {
  if (plan.found === 0) return null;
  const { task } = plan;
  const streams = [
    ...plan.donors.map((donor) => inGaps(plan, donor, (version) => plan.needs.has(version), signal)),
    ...plan.copies.map((donor) => inGaps(plan, donor, () => true, signal)),
    whatIsLeft(repository, plan, signal),
  ];
  const info = await writeSegment({ ...repository, task }, mergeNewest(streams), signal);
  await prove(repository, plan, info, signal);
  return info;
}

async function prove(
  { storage, keyring }: Repository,
  { task, found }: SegmentPlan,
  info: SegmentInfo,
  signal: AbortSignal,
): Promise<void> {
  const path = segmentPath(task, info.id);
  const { live, deleted, purged } = info.counts;
  if (live + deleted + purged !== found) {
    const message = `${path} was to hold ${found} recovered versions and holds ${live + deleted + purged}.`;
    throw new HoldfastError("object-damaged", message, { task, path });
  }
  for await (const { message } of verifySegment(storage, keyring, task, info, { readData: true }, signal))
    throw new HoldfastError("object-damaged", message, { task, path });
}

async function* whatIsLeft(
  repository: Repository,
  { task, file }: SegmentPlan,
  signal: AbortSignal,
): AsyncGenerator<readonly Version[]> {
  for await (const part of salvage(repository, task, file.info, {}, signal))
    if (part.kind === "versions") yield part.versions;
}

/** A donor's versions in the gaps. */
async function* inGaps(
  { task, gaps }: SegmentPlan,
  { repository, info }: Donor,
  accepts: (version: Version) => boolean,
  signal: AbortSignal,
): AsyncGenerator<readonly Version[]> {
  for (const gap of gaps) {
    for await (const part of salvage(repository, task, info, gap, signal)) {
      const versions = part.kind === "versions" ? part.versions.filter(accepts) : [];
      if (versions.length > 0) yield versions;
    }
  }
}
