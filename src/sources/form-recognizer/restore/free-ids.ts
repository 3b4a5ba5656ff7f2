/**
 * Ids that a model may be given in the target: its own, or, where that is in use or burnt by an authorisation that was never used, one that is
 * made from it.
 */
import { copyNames } from "../copy/naming.ts";
import type { KeptModel } from "./kept-model.ts";
import type { FormRestore } from "./run.ts";

/** Names of one state that are tried: each is refused only when somebody has had it before. */
const ATTEMPTS = 20;

/** Those that nobody is known to have, in the order in which they should be tried. */
export function* freeIds({ present, notes }: FormRestore, { ref, versionKey }: KeptModel): Generator<string> {
  const { kind } = ref;
  let attempts = 0;
  for (const id of copyNames(ref.id, versionKey)) {
    if (attempts++ === ATTEMPTS) return;
    const isOthers = id !== ref.id && notes.isGiven({ kind, id });
    if (!isOthers && !present.has({ kind, id })) yield id;
  }
}
