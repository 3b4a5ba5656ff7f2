/**
 * Recognition jobs as the service lists them. Once a job is completed its item holds the whole answer with the results, because the service
 * forgets both after a week; until then, the listing's entry.
 */
import type { CapturedVersion } from "../../../model/version.ts";
import { canonicalText } from "../../../model/json/canonical.ts";
import { jobKey } from "../../watson/keys.ts";
import { entryOf, required, text } from "../listing-entry.ts";

export interface Job {
  readonly id: string;
  readonly status: string;
  readonly created: string;
  readonly updated: string;
  readonly userToken: string;
  readonly raw: Buffer;
}

/** Nothing more will come of it: its audio is not needed any more. */
const COMPLETED = "completed";

/** `id`: where it is known, because an old installation leaves it out of the answer about one job. Errors: `source-protocol`. */
export function jobOf(raw: Buffer, id?: string): Job {
  const entry = entryOf(raw);
  return {
    id: id ?? required(entry, "id"),
    status: text(entry["status"]),
    created: text(entry["created"]),
    updated: text(entry["updated"]),
    userToken: text(entry["user_token"]),
    raw,
  };
}

export function isCompleted({ status }: Pick<Job, "status">): boolean {
  return status === COMPLETED;
}

/** The state leaves the results out: whether a completed job is kept must be known before its results are asked for. */
export function jobItem({ id, status, updated, userToken, raw }: Job): CapturedVersion {
  return {
    key: jobKey(id),
    kind: "live",
    revision: updated,
    state: Buffer.from(canonicalText({ id, status, user_token: userToken }), "utf8"),
    parts: [raw],
    blobs: [],
  };
}
