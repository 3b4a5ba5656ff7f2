/**
 * Who may have a version that a damaged segment lost: retired entries that went into its entry first, then everything else
 * that the timeline and its copy hold.
 */
import type { NeededSegment } from "../../repository/check/needed-files.ts";
import { entrySegments, manifestSegments, type Manifest } from "../../repository/manifest.ts";
import type { Repository } from "../../repository/repository.ts";
import type { Donor } from "./segment-plan.ts";

/** `copy`: a second copy with its own newest manifest, which may name other segments. */
export function* donorsFor(
  repository: Repository,
  manifest: Manifest,
  { info, uses }: Pick<NeededSegment, "info" | "uses">,
  copy: { readonly repository: Repository; readonly label: string; readonly manifest: Manifest } | undefined,
): Generator<Donor> {
  const told = new Set([info.id]);
  const fresh = ({ id }: { readonly id: string }): boolean => {
    if (told.has(id)) return false;
    told.add(id);
    return true;
  };
  const entries = new Set(uses.map(({ entry }) => entry.id));
  const inputs = manifest.retired
    .filter(({ into }) => entries.has(into))
    .flatMap(({ entry }) => entrySegments(entry));
  for (const segment of inputs.filter(fresh)) yield { label: "retired deltas", repository, info: segment };
  for (const segment of manifestSegments(manifest).filter(fresh)) {
    yield { label: "other deltas of the timeline", repository, info: segment };
    // The same file may be whole in the copy.
    if (copy !== undefined) yield { label: copy.label, repository: copy.repository, info: segment };
  }
  if (copy === undefined) return;
  for (const segment of manifestSegments(copy.manifest).filter(fresh))
    yield { label: copy.label, repository: copy.repository, info: segment };
}
