/**
 * What happens to a copy after it was accepted: it stands in line, is processed, and ends, each at its time by the stand-in's clock.
 */
import type { Millis } from "../../../model/clock.ts";
import type { FormState } from "../state.ts";
import type { StoredModel, StoredOperation, StoredTicket } from "../stored.ts";
import { copiedModel } from "./copied-model.ts";
import type { CopyOrder } from "./copy-order.ts";
import type { CopyFailure } from "./failures.ts";
import { operationFailure, plainFailure } from "./failures.ts";
import { judgeCopy } from "./judgement.ts";

const START = "copy-start";
const END = "copy-end";

/** A copy that is being processed; what comes of it is decided when that begins. */
interface Processing {
  readonly order: CopyOrder;
  readonly source?: StoredModel;
  readonly ticket?: StoredTicket;
  readonly failure?: CopyFailure;
}

/** Puts an accepted copy in line. Its operation must exist. */
export function queueCopy(state: FormState, order: CopyOrder): void {
  if (order.stuck === "notStarted") return;
  state.jobs.add(state.clock.now() + state.delays.copyMs, START, order);
}

/** Says how copies go on. */
export function copyJobs(state: FormState): void {
  state.jobs.handle(START, (payload, due) => {
    const order = payload as CopyOrder;
    const processing: Processing = { order, ...judgeCopy(state, order) };
    const ticket = state.tickets.find(order.claims.token);
    // Used from here on, whatever the end.
    if (ticket !== undefined) state.tickets.put({ ...ticket, used: true });
    change(state, order, due, { status: "running" });
    if (order.stuck !== "running") state.jobs.add(due + state.delays.copyMs, END, processing);
  });
  state.jobs.handle(END, (payload, due) => {
    end(state, payload as Processing, due);
  });
}

function end(state: FormState, { order, source, ticket, failure }: Processing, due: Millis): void {
  const isV2 = order.apiVersion.startsWith("v2");
  if (source === undefined || ticket === undefined) {
    const reason = failure ?? { kind: "claims" };
    const error = isV2 ? plainFailure(reason) : operationFailure(reason);
    change(state, order, due, { status: "failed", error });
    return;
  }
  const copy = copiedModel(source, { ticket, apiVersion: order.apiVersion, done: due });
  state.models.put(copy);
  change(state, order, due, { status: "succeeded", ...(isV2 ? {} : { result: copy }) });
}

function change(
  state: FormState,
  order: CopyOrder,
  due: Millis,
  news: Pick<StoredOperation, "status" | "error" | "result">,
): void {
  const operation = state.operations.find(order.resource, order.operation);
  if (operation !== undefined) state.operations.put({ ...operation, ...news, updated: due });
}
