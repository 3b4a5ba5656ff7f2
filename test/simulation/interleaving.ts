/**
 * Several actors on one storage, one call at a time, in an order drawn from a seed: the next call is chosen only when
 * every actor stands before one, so the order does not depend on how fast anything is.
 */
import type { StorageHook } from "./hooked-storage.ts";
import type { Random } from "./random.ts";

interface Actor {
  /** Calls that wait for their turn, in the order in which they were made. */
  readonly waiting: (() => void)[];
  /** It was given a turn and has not come to rest since. */
  busy: boolean;
  ended: boolean;
}

/** Runs the actors to their ends. Each is given the hook for its own storage. Errors: the first that an actor throws. */
export async function interleave(
  random: Random,
  actors: readonly ((hook: StorageHook) => Promise<void>)[],
): Promise<void> {
  const all = actors.map((): Actor => ({ waiting: [], busy: true, ended: false }));
  const choose = (): void => {
    const open = all.filter(({ ended }) => !ended);
    if (open.length === 0 || open.some(({ waiting, busy }) => busy || waiting.length === 0)) return;
    const actor = random.pick(open);
    actor.busy = true;
    actor.waiting.shift()?.();
    restSoon(actor);
  };
  const rest = (actor: Actor): void => {
    actor.busy = false;
    choose();
  };
  /** Where it has made several calls at once, one that takes long (a stream that the others feed) must not hold them up. */
  const restSoon = (actor: Actor): void => {
    setImmediate(() => {
      if (actor.waiting.length > 0) rest(actor);
    });
  };
  const hookOf = (actor: Actor): StorageHook => {
    return async (_call, _path, act) => {
      await new Promise<void>((resolve) => {
        actor.waiting.push(resolve);
        rest(actor);
      });
      try {
        return await act();
      } finally {
        restSoon(actor);
      }
    };
  };
  const outcomes = await Promise.allSettled(
    actors.map(async (act, index) => {
      const actor = all[index] as Actor;
      try {
        await act(hookOf(actor));
      } finally {
        actor.ended = true;
        choose();
      }
    }),
  );
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}
