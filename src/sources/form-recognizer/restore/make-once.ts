/**
 * Having a model trained or composed exactly once. What will be asked for is noted durably before it is asked; whoever comes back after a cut, or
 * after a lost answer, looks for it at the service before asking again.
 */
import type { Millis } from "../../../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../../../model/errors.ts";
import { refusalOf } from "../../http/answer-failure.ts";
import { backoffDelay, DEFAULT_RETRY, pause, type RetryPolicy } from "../../http/backoff.ts";
import type { Begun, ModelDetails } from "../service/face.ts";
import { versionKeyOf } from "../version-key.ts";
import { freeIds } from "./free-ids.ts";
import type { KeptModel } from "./kept-model.ts";
import { CLOCK_SKEW_MS, isSince, type BegunNote } from "./notes.ts";
import type { FormRestore } from "./run.ts";

/** Time between two looks, ms: a training takes a minute at least. */
const DEFAULT_POLL_MS = 5_000;

/** Longest wait for one training, ms. */
const DEFAULT_PATIENCE_MS = 900_000;

/** An id that is in use, or reserved for a copy that never came. */
const CONFLICT = 409;

export interface Making {
  /** For people: `the training of model invoices`. */
  readonly what: string;
  /** What must be there before the service is asked; not done again for what was begun already. */
  readonly prepare?: () => Promise<void>;
  /** Asks the service, once. `id`: the wanted one, where the service lets one choose. */
  readonly start: (id: string) => Promise<Begun>;
  /** How much longer than usual it may take. */
  readonly patience: number;
}

export type Made = { readonly model: ModelDetails } | { readonly failed: string };

/** Errors: what concerns more than this model. */
export async function makeOnce(run: FormRestore, kept: KeptModel, making: Making): Promise<Made> {
  const begun = await begunOnce(run, kept, making);
  return "failed" in begun ? begun : await finished(run, kept, making, begun);
}

type Beginning = BegunNote | { readonly failed: string };

/** What was begun before a cut, or is begun now. */
async function begunOnce(run: FormRestore, kept: KeptModel, making: Making): Promise<Beginning> {
  // Where the service chooses ids, two that are asked for at once could be taken for each other.
  const inTurn: FormRestore["inTurn"] = run.resource.service.traits.choosesIds
    ? run.inTurn
    : async (work) => await work();
  const noted = run.notes.begun(kept);
  if (noted !== undefined) {
    const found = noted.operation === "" ? await inTurn(async () => await lookFor(run, kept, noted)) : noted;
    if (found !== undefined) return found;
  }
  await making.prepare?.();
  return await inTurn(async () => await begin(run, kept, making));
}

async function begin(run: FormRestore, kept: KeptModel, making: Making): Promise<Beginning> {
  const { choosesIds } = run.resource.service.traits;
  for (const id of choosesIds ? [""] : freeIds(run, kept)) {
    const begun = await beginAs(run, kept, making, id);
    if (begun !== "taken") return begun;
  }
  await run.notes.forget(kept);
  return { failed: "every id that it could have is in use or reserved" };
}

async function beginAs(
  run: FormRestore,
  kept: KeptModel,
  { start }: Making,
  id: string,
): Promise<BegunNote | "taken"> {
  const { resource, notes, context } = run;
  const at = context.clock.now();
  const before = resource.service.traits.choosesIds ? recent(run, at) : [];
  const note: BegunNote = { id, at, operation: "", before };
  const noted = notes.begun(kept);
  let asked = noted?.id === id && noted.operation === "" && id !== "";
  await notes.begin(kept, note);
  const retry = { ...DEFAULT_RETRY, ...resource.config.retry };
  for (let attempt = 1; ; attempt++) {
    const begun = await answerTo(start, id);
    if (!(begun instanceof HoldfastError)) {
      const accepted = { ...note, ...begun };
      await notes.begin(kept, accepted);
      return accepted;
    }
    context.signal.throwIfAborted();
    const isTaken = begun.context.status === CONFLICT;
    if (isTaken && !asked) return "taken";
    if (!isTaken && isCertain(begun)) {
      await notes.forget(kept);
      throw begun;
    }
    // Accepted or not: only looking tells. From then on, a conflict may be with our own request.
    asked = true;
    const found = await lookAfter(run, kept, note, attempt, retry, begun);
    if (found !== undefined) return found;
    if (attempt < retry.attempts) continue;
    if (isTaken) return "taken";
    throw begun;
  }
}

/** What the service answers, a refusal or silence included. */
async function answerTo(start: Making["start"], id: string): Promise<Begun | HoldfastError> {
  try {
    return await start(id);
  } catch (error) {
    if (isHoldfastError(error)) return error;
    throw error;
  }
}

/** Whether nothing was begun. */
function isCertain(error: HoldfastError): boolean {
  if (isHoldfastError(error, "source-unreachable")) return false;
  return !isHoldfastError(error, "source-protocol") || refusalOf(error) !== undefined;
}

async function lookAfter(
  run: FormRestore,
  kept: KeptModel,
  note: BegunNote,
  attempt: number,
  retry: RetryPolicy,
  error: HoldfastError,
): Promise<BegunNote | undefined> {
  await pause(backoffDelay(retry, attempt, error.context.retryAfterMs), run.context.signal);
  const found = await lookFor(run, kept, note);
  if (found !== undefined) await run.notes.begin(kept, found);
  return found;
}

/** What the service has of something that it was, perhaps, asked for. */
async function lookFor(run: FormRestore, kept: KeptModel, note: BegunNote): Promise<BegunNote | undefined> {
  const { service } = run.resource;
  const { signal } = run.context;
  const { kind } = kept.ref;
  if (service.traits.choosesIds) {
    const id = await newcomer(run, kept, note);
    return id === undefined ? undefined : { ...note, id, operation: id };
  }
  if ((await service.details({ kind, id: note.id }, signal)) !== undefined)
    return { ...note, operation: DONE };
  for await (const operations of service.operations(signal)) {
    for (const { operation, makes, created, kind: act } of operations) {
      const isOurs = makes === note.id && !act.endsWith("CopyTo");
      if (isOurs && Date.parse(created) >= note.at - CLOCK_SKEW_MS) return { ...note, operation };
    }
  }
  return undefined;
}

/** In place of an operation: the model is there already. */
const DONE = "done";

/** Where the service chooses ids: the model that came to be since it was asked for, and is nobody's. */
async function newcomer(run: FormRestore, kept: KeptModel, note: BegunNote): Promise<string | undefined> {
  const { resource, notes, context } = run;
  const { name } = kept.details;
  const taken = notes.standing();
  const found: string[] = [];
  for await (const models of resource.service.list(["models"], context.signal)) {
    for (const model of models) {
      if (isSince(note, model) && model.name === name && !taken.has(`models/${model.id}`))
        found.push(model.id);
    }
  }
  if (found.length > 1) {
    throw new HoldfastError(
      "target-refused",
      `it was asked for and the answer was lost, and ${found.join(" and ")} have come to be since: ` +
        "nothing tells which is it; delete the ones that nobody needs and run the restore again",
    );
  }
  return found[0];
}

/** Models that came to be shortly before. */
function recent({ present }: FormRestore, at: Millis): string[] {
  return [...present.all()].flatMap(({ id, created }) =>
    Date.parse(created) >= at - 2 * CLOCK_SKEW_MS ? [id] : [],
  );
}

async function finished(
  run: FormRestore,
  kept: KeptModel,
  { what, patience }: Making,
  begun: BegunNote,
): Promise<Made> {
  const { resource, notes, context } = run;
  const { service, config } = resource;
  const ref = { kind: kept.ref.kind, id: begun.id };
  const startedAt = context.clock.now();
  const patienceMs = (config.patienceMs ?? DEFAULT_PATIENCE_MS) * patience;
  for (let looks = 0; begun.operation !== DONE; looks++) {
    const state = await service.buildState({ ...begun, kind: ref.kind }, context.signal);
    if (state.status === "failed") {
      await discard(run, kept, ref);
      return { failed: `${what} failed: ${state.code}: ${state.message}` };
    }
    // An operation is forgotten after a day: then the model itself tells.
    if (state.status === "succeeded" || state.status === "unknown") break;
    const waited = context.clock.now() - startedAt;
    if (waited >= patienceMs) {
      return {
        failed:
          `${what} is not over after ${Math.round(waited / 1000)} s and goes on at the service: ` +
          "run the same restore again later, it waits for the same one",
      };
    }
    context.progress?.({ phase: `waiting for ${what}`, done: looks, bytes: 0 });
    await pause(config.pollMs ?? DEFAULT_POLL_MS, context.signal);
  }
  const model = await service.details(ref, context.signal);
  if (model === undefined || model.status !== "ready") {
    await discard(run, kept, ref);
    return { failed: `${what} came to its end and the service does not show the result` };
  }
  await notes.finish(kept, { id: model.id, version: versionKeyOf(model) });
  return { model };
}

/** v2.x keeps what failed as an invalid model. */
async function discard(
  run: FormRestore,
  kept: KeptModel,
  ref: { kind: KeptModel["ref"]["kind"]; id: string },
): Promise<void> {
  const { service } = run.resource;
  if (service.traits.choosesIds) await service.remove(ref, run.context.signal);
  await run.notes.forget(kept);
}
