/**
 * Checking the small sealed objects that no timeline needs: leases, certificates of erasures, how far standbys are, what ids restored
 * objects have, what is known of copies. Each opens in its place.
 */
import type { TaskName } from "../../model/task.ts";
import {
  claimsOf,
  copyLedgersOf,
  erasuresOf,
  idMapsOf,
  leasesOf,
  routingTablesOf,
  standbysOf,
} from "../paths.ts";
import type { Repository } from "../repository.ts";
import { openSealedAt } from "../sealed-places.ts";
import { damageFinding, type CheckFinding } from "./finding.ts";

const MEANINGS = [
  [leasesOf, "Cleanup deletes nothing until the lease has run out, a day after it was taken."],
  [erasuresOf, "The certificate of an erasure cannot be shown any more."],
  [standbysOf, "The standby is compared anew by its next run."],
  [idMapsOf, "A restore to that target again would make what it mapped a second time."],
  [copyLedgersOf, "What it told of copies in a standby is found out by looking for them there."],
  [routingTablesOf, "That generation of the routing table cannot be shown; the next run publishes it anew."],
  [claimsOf, "Whether somebody works on the standby is not known: its next run does not wait for anybody."],
] as const;

/** Errors: `storage-*`; damage is yielded. */
export async function* checkSmallObjects(
  repository: Repository,
  task: TaskName,
  signal: AbortSignal,
): AsyncGenerator<CheckFinding> {
  for (const [folderOf, meaning] of MEANINGS) {
    for await (const { path } of repository.storage.list(folderOf(task), { signal })) {
      try {
        await openSealedAt(repository, path, signal);
      } catch (error) {
        // Leases, claims and steps of copies come and go.
        const finding = damageFinding(task, path, error);
        if (finding.code === "object-missing") continue;
        yield { ...finding, severity: "warning", message: `${finding.message} ${meaning}` };
      }
    }
  }
}
