/**
 * Copy authorisations: what a target issues, where it keeps a place for the copy, and for how long that place is kept.
 */
import { randomUUID } from "node:crypto";

import type { Millis } from "../../../model/clock.ts";
import type { FormState } from "../state.ts";
import { wireTime } from "../state.ts";
import type { StoredModel, StoredTicket } from "../stored.ts";

/** Life of a ticket of v2.x, ms. */
export const V2_TICKET_MS = 24 * 3_600_000;
/** Life of a ticket of 2022-08-31 and later, ms; the guides say a day, every recording an hour. */
export const V3_TICKET_MS = 3_600_000;

interface WantedTicket {
  readonly resource: string;
  readonly kind: StoredModel["kind"];
  readonly targetId: string;
  readonly expires: Millis;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export function issueTicket(state: FormState, wanted: WantedTicket): StoredTicket {
  const ticket: StoredTicket = { ...wanted, token: randomUUID(), tags: wanted.tags ?? {}, used: false };
  state.tickets.put(ticket);
  return ticket;
}

/** Keeps an id of 2022-08-31 and later for a copy: nobody sees it, and nobody else gets it. */
export function reserveId(
  state: FormState,
  place: Pick<StoredModel, "resource" | "kind" | "id" | "apiVersion">,
): void {
  const now = wireTime(state.clock.now());
  state.models.put({
    ...place,
    status: "reserved",
    tags: {},
    created: now,
    modified: now,
    composed: false,
    buildMode: place.kind === "classifiers" ? "classifier" : "template",
    content: {},
  });
}

/** What has this id, reservations that have ended excepted. */
export function occupantOf(
  state: FormState,
  resource: string,
  kind: StoredModel["kind"],
  id: string,
): StoredModel | undefined {
  const found = state.models.find(resource, kind, id);
  const life = state.modes.reservationTtlMs;
  if (found?.status !== "reserved" || life === undefined) return found;
  return state.clock.now() < Date.parse(found.created) + life ? found : undefined;
}
