/**
 * Where the service is known to behave in more than one way, or nobody outside can tell: the switches. They may be changed while the
 * stand-in runs.
 */
import type { Millis } from "../../model/clock.ts";

export interface FormModes {
  /** A region that is not the target's ends a copy with ResourceResolverError, as the guides say, instead of what the service really answers. */
  strictRegion: boolean;
  /** A model answers a GET with the key of the resource that it was copied from: what pollers of v4.0 SDKs ask for after a copy. */
  lenientFinalGet: boolean;
  /** v2.x tickets carry .NET ticks instead of Unix seconds. */
  ticks: boolean;
  /** How long an id of v3 and later stays reserved after its authorisation; absent: for ever, as in the service. */
  reservationTtlMs: Millis | undefined;
  /** Items of one page of a list. */
  pageSize: number;
  /** The last item of a page comes again as first item of the next one. */
  repeatAtBorders: boolean;
  /** What the last page of a list of v3 and later has for `nextLink`; v2.x always has `""`. */
  finalNextLink: "empty" | "absent";
  /** The version that v2.x names in links, when it is not the one called. */
  linkVersion: string | undefined;
}

/** As in recorded traffic. */
const DEFAULT_PAGE_SIZE = 29;

export function modesFrom(options: Partial<FormModes>): FormModes {
  return {
    strictRegion: options.strictRegion ?? false,
    lenientFinalGet: options.lenientFinalGet ?? false,
    ticks: options.ticks ?? false,
    reservationTtlMs: options.reservationTtlMs,
    pageSize: options.pageSize ?? DEFAULT_PAGE_SIZE,
    repeatAtBorders: options.repeatAtBorders ?? true,
    finalNextLink: options.finalNextLink ?? "absent",
    linkVersion: options.linkVersion,
  };
}
