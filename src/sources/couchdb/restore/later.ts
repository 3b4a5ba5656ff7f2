/**
 * What is restored after the documents, in the order that keeps each step from hindering the next (D5): design documents,
 * then those that validate writes (one that is younger than the documents would refuse them), `_local` documents,
 * settings, and the security object, which may take this account's own rights away, last.
 */
import type { ItemKey } from "../../../model/key.ts";
import type { Version } from "../../../model/version.ts";
import type { RestoreOutcome } from "../../source.ts";
import { memberNames } from "../document-text.ts";
import { restoreSetting } from "./database-settings.ts";
import { itemKind, type ItemKind } from "./item-kind.ts";
import type { RestoreRun } from "./run.ts";
import { VALIDATION } from "./validators.ts";

/** Items found at once; a design document may be megabytes. */
const FIND_ITEMS = 10;

/** `step` restores a batch of design documents by the restore's mode. */
export async function* restoreLater(
  run: RestoreRun,
  keys: readonly ItemKey[],
  exists: boolean,
  step: (versions: readonly Version[]) => Promise<RestoreOutcome[]>,
): AsyncGenerator<RestoreOutcome> {
  const of = (kind: ItemKind): ItemKey[] => keys.filter((key) => itemKind(key) === kind);
  const validating: ItemKey[] = [];
  for await (const versions of found(run, of("design"))) {
    const harmless = versions.filter((version) => !validates(version));
    validating.push(...versions.filter(validates).map((version) => version.key));
    yield* await step(harmless);
  }
  for await (const versions of found(run, validating)) yield* await step(versions);
  for (const kind of ["local", "settings", "security"] as const) {
    for await (const versions of found(run, of(kind))) {
      for (const version of versions) {
        const outcome = await restoreSetting(run, version, exists);
        if (outcome !== undefined) yield outcome;
      }
    }
  }
}

async function* found(run: RestoreRun, keys: readonly ItemKey[]): AsyncGenerator<Version[]> {
  for (let at = 0; at < keys.length; at += FIND_ITEMS) {
    const versions = await run.request.reader.find(keys.slice(at, at + FIND_ITEMS));
    yield versions.filter((version) => version !== undefined);
  }
}

function validates(version: Version): boolean {
  return version.parts.some((part) => memberNames(part).includes(VALIDATION));
}
