/**
 * Who this process is, and whether another one that said it works on something is gone. Only what runs on the same machine can be looked at.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { ClaimHolder } from "../../repository/claims.ts";

export function thisHolder(): ClaimHolder {
  return { host: hostname(), process: process.pid, space: processSpace() };
}

/** Never true by mistake; false also where it cannot be told. */
export function isGone(holder: ClaimHolder): boolean {
  const own = thisHolder();
  if (holder.host !== own.host || holder.space !== own.space || holder.space === "") return false;
  try {
    process.kill(holder.process, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Process numbers are compared only within it: one start of the machine, one namespace of processes. Empty where it cannot be told. */
function processSpace(): string {
  if (process.platform === "linux") {
    try {
      const start = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
      return `${start} ${readlinkSync("/proc/self/ns/pid")}`;
    } catch {
      return "";
    }
  }
  // Elsewhere processes of one machine share one namespace; a restart is told by nothing, so a number may be taken for alive.
  return process.platform;
}
