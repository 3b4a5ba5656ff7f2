/**
 * What a standby is made of: which collections of a source are kept in step, and in which order.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import { traitsOf, type SourceKind } from "../../sources/kinds.ts";
import type { Scope } from "../restore/scope.ts";
import type { Workspace } from "../workspace.ts";

/** A second instance that is kept in step with a source. */
export interface StandbySettings {
  readonly name: string;
  /** The configured source whose timelines are applied. */
  readonly source: string;
  /** The configured source that is the second instance. */
  readonly target: string;
  /** For kinds whose service copies: consent to copies that are encrypted less than their originals. Default: no. */
  readonly allowDowngrade?: boolean;
  /** Of those: most superseded copies that are kept of each item. */
  readonly keepSuperseded?: number;
  /** How long they are kept, days. */
  readonly supersededForDays?: number;
  /** How long the copy of an item that is gone from the source is kept, days. */
  readonly keepGoneDays?: number;
}

export interface StandbyMember {
  readonly task: TaskName;
  readonly collection: string;
  readonly scope: Scope;
}

/** The kind's own switches that are configured. */
export function switchesOf(standby: StandbySettings): Readonly<Record<string, unknown>> {
  const { name: _name, source: _source, target: _target, ...switches } = standby;
  return switches;
}

/** Whether standbys of such sources are kept by the service's own copying, so that the source itself is asked. */
export function isCopiedKind(kind: SourceKind): boolean {
  return traitsOf(kind).copied !== undefined;
}

/** In the order in which they must be applied. Errors: `source-unknown`, `config-invalid` when the two do not fit together. */
export function membersOf(workspace: Workspace, { name, source, target }: StandbySettings): StandbyMember[] {
  const { options } = workspace.settings(source);
  const other = workspace.settings(target).options;
  if (other.kind !== options.kind) {
    throw new HoldfastError(
      "config-invalid",
      `Standby ${name}: ${target} is of kind ${other.kind}, ${source} of kind ${options.kind}.`,
    );
  }
  if (other.url === options.url) {
    throw new HoldfastError(
      "config-invalid",
      `Standby ${name}: ${target} and ${source} are the same instance.`,
    );
  }
  const parts = traitsOf(options.kind).standby;
  if (parts === undefined) {
    throw new HoldfastError(
      "config-invalid",
      `Standby ${name}: sources of kind ${options.kind} cannot have a standby yet.`,
    );
  }
  return parts.map(({ collection, prefix }) => ({
    task: workspace.repository.keyring.taskName(source, options.kind, collection),
    collection,
    scope: prefix === undefined ? {} : { prefix },
  }));
}
