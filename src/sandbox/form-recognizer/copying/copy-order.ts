/**
 * A copy that a source has accepted, as its job needs it: what the caller claims to be allowed, to be held against what the target knows.
 */
import type { Millis } from "../../../model/clock.ts";
import type { FormExchange } from "../exchange.ts";
import type { StoredModel } from "../stored.ts";

/** What a caller presents, whichever version it speaks. */
export interface CopyClaims {
  readonly targetResourceId: string;
  readonly targetRegion: string;
  readonly targetId: string;
  readonly token: string;
  readonly expires: Millis;
}

export interface CopyOrder {
  /** Of the source. */
  readonly resource: string;
  readonly operation: string;
  readonly kind: StoredModel["kind"];
  readonly sourceId: string;
  /** The version that the copy was called with. */
  readonly apiVersion: string;
  readonly claims: CopyClaims;
  /** The caller consents to a downgrade of data protection. */
  readonly degrade: boolean;
  readonly stuck?: "notStarted" | "running";
  readonly fails?: { readonly code: string; readonly message: string };
}

/** What the request says beside its body: consent, and the faults that are to act. */
export function orderCircumstances(exchange: FormExchange): Pick<CopyOrder, "degrade" | "stuck" | "fails"> {
  const stuck = exchange.formFault("stuck");
  const fails = exchange.formFault("fails");
  return {
    degrade: exchange.header("x-ms-forms-copy-degrade")?.trim().toLowerCase() === "true",
    ...(stuck === undefined ? {} : { stuck: stuck.at ?? "running" }),
    ...(fails === undefined ? {} : { fails: { code: fails.code, message: fails.message } }),
  };
}
