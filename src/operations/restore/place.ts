/**
 * Where a restore goes: which collection of which source.
 */
import { HoldfastError } from "../../model/errors.ts";
import { formatInstant } from "../../model/instant.ts";
import type { ManifestSource } from "../../repository/manifest.ts";
import { traitsOf, type SourceKind } from "../../sources/kinds.ts";
import type { Workspace } from "../workspace.ts";

export interface RestoreTarget {
  /** A configured source; default: the task's own. */
  readonly source?: string;
  /** Default: a new collection named after the old one and the instant. */
  readonly collection?: string;
  /** Into the very collection that was kept. */
  readonly inPlace?: boolean;
}

/** Items of one kind mean nothing to a service of another. Errors: `source-unknown`, `usage`. */
export function requireSameKind(workspace: Workspace, kept: ManifestSource, target: string): void {
  const { kind } = workspace.settings(target).options;
  if (kind === kept.kind) return;
  throw new HoldfastError(
    "usage",
    `${target} is of kind ${kind}: what is kept of ${kept.name} is of kind ${kept.kind}.`,
  );
}

/** Which collection of which source a target means. Errors: `usage`. */
export function placeOf(
  kept: ManifestSource,
  target: RestoreTarget,
  instant: number,
): { readonly source: string; readonly collection: string } {
  if (target.inPlace === true) {
    if (target.source !== undefined || target.collection !== undefined) {
      throw new HoldfastError(
        "usage",
        "A restore in place goes to the task's own collection: leave the target out.",
      );
    }
    return { source: kept.name, collection: kept.collection };
  }
  const source = target.source ?? kept.name;
  if (traitsOf(kept.kind as SourceKind)?.collections !== undefined) {
    // Such a service has these collections and no others.
    if (source !== kept.name && (target.collection ?? kept.collection) === kept.collection) {
      return { source, collection: kept.collection };
    }
    throw new HoldfastError(
      "usage",
      `${kept.collection} of ${kept.name} goes back in place (--in-place) or to another source (--to-source NAME): ` +
        `a service of kind ${kept.kind} has no place beside it.`,
    );
  }
  if (target.collection !== undefined) return { source, collection: target.collection };
  // Another account has no such collection yet; the same one gets a new name that says what is in it.
  if (source !== kept.name) return { source, collection: kept.collection };
  const stamp = formatInstant(instant).replaceAll(/[-:]/g, "").toLowerCase();
  return { source, collection: `${kept.collection}-restored-${stamp}` };
}
