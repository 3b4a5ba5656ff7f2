/**
 * Checking what opens the repository: its key slots. Data keys were proven when it was opened.
 */
import type { Repository } from "../../repository/repository.ts";
import { listSlots } from "../../repository/sealing/slots.ts";
import type { Finding } from "../reports.ts";

/** Errors: `storage-*`. */
export async function checkKeys(repository: Repository, signal: AbortSignal): Promise<Finding[]> {
  const slots = await listSlots(repository.storage, signal);
  return slots.flatMap((slot): Finding[] => {
    if (slot.state === "intact") return [];
    const { code, message } = slot.problem;
    const consequence = "Whoever holds that key alone cannot open the repository.";
    return [
      {
        severity: "error",
        code,
        task: null,
        path: slot.path,
        message: `${message} ${consequence}`,
        runs: [],
        instants: [],
        items: [],
      },
    ];
  });
}
