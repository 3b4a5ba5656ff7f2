/**
 * Checking what opens the repository: its key slots. Data keys were proven when it was opened.
 */
import type { Repository } from "../../repository/repository.ts";
import { KEYS } from "../../repository/sealing/slot-file.ts";
import { listSlots } from "../../repository/sealing/slots.ts";
import type { Finding } from "../reports.ts";

const NOWHERE = { task: null, runs: [], instants: [], items: [] } as const;

/** Errors: `storage-*`. */
export async function checkKeys(repository: Repository, signal: AbortSignal): Promise<Finding[]> {
  const slots = await listSlots(repository.storage, signal);
  const findings = slots.flatMap((slot): Finding[] => {
    if (slot.state === "intact") return [];
    const { code, message } = slot.problem;
    const consequence = "Whoever holds that key alone cannot open the repository.";
    return [{ ...NOWHERE, severity: "error", code, path: slot.path, message: `${message} ${consequence}` }];
  });
  if (slots.some((slot) => slot.state === "intact" && slot.info.right === "read")) return findings;
  const message =
    "No key slot that gives the read right is left. Once this process ends, nobody can read the repository.";
  return [...findings, { ...NOWHERE, severity: "error", code: "object-missing", path: KEYS, message }];
}
