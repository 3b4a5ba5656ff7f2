/**
 * A copy as `copyResults` of v2.x shows it, with its two ways of writing times.
 */
import { wireTime } from "../state.ts";
import type { StoredOperation } from "../stored.ts";

/** Digits behind the milliseconds; made from the id, because every copy has others. */
const SUB_MS_RANGE = 9_996;
/** How far the two times of one change lie apart, in units of 100 ns. */
const UPDATE_LAG = 3;

interface CopyResultView {
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

export function copyResultView({
  id,
  status,
  created,
  updated,
  targetId,
  error,
}: StoredOperation): CopyResultView {
  // Once a copy is being processed, its creation is no longer the time of its submission.
  const waits = status === "notStarted";
  const fraction = Number.parseInt(id.slice(0, 8), 16) % SUB_MS_RANGE;
  return {
    body: {
      status,
      createdDateTime: waits ? wireTime(created) : preciseTime(updated, fraction),
      lastUpdatedDateTime: waits ? wireTime(updated) : preciseTime(updated, fraction + UPDATE_LAG),
      copyResult: { modelId: targetId, ...(error === undefined ? {} : { errors: [error] }) },
    },
    headers: error === undefined ? {} : { "x-ms-cs-error-code": error.code },
  };
}

/** Seven digits behind the point, zeros at the end cut off. `sub`: in units of 100 ns, below a millisecond. */
function preciseTime(ms: number, sub: number): string {
  const digits = `${String(ms % 1000).padStart(3, "0")}${String(sub).padStart(4, "0")}`.replace(/0+$/, "");
  const second = wireTime(ms).slice(0, -1);
  return digits === "" ? `${second}Z` : `${second}.${digits}Z`;
}
