/**
 * Which base model a model is rebuilt on: its own where the target offers it, otherwise what the operator has chosen for it. Nothing is
 * replaced silently: a successor works differently, and some things do not come along.
 */
import type { OfferedModel } from "../model-calls.ts";
import { lossesBetween, successorOf } from "./base-models.ts";
import type { RestoreSettings } from "../settings.ts";

/** Asked once, when a model has to be made. */
export type OfferedBases = () => Promise<readonly OfferedModel[]>;

export type Base =
  | {
      readonly name: string;
      /** What changes by it, for people; empty where the base model is its own. */
      readonly migration: string;
    }
  | { readonly refused: string };

export function settleBase(
  own: string,
  { baseModels }: Pick<RestoreSettings, "baseModels">,
  offered: readonly OfferedModel[],
): Base {
  const chosen = baseModels.get(own) ?? own;
  const usable = offered.some(({ name, customisable }) => name === chosen && customisable);
  if (usable && chosen === own) return { name: own, migration: "" };
  if (usable) {
    const loses = lossesBetween(own, chosen);
    return {
      name: chosen,
      migration: `this is a migration from ${own} to ${chosen}. Not carried over: ${loses.join("; ")}.`,
    };
  }
  const { successor, loses } = successorOf(own, offered);
  const gone = `the service offers no language models on ${chosen} any more`;
  if (successor === undefined)
    return { refused: `not recoverable here: ${gone}, and no other model for its language` };
  return {
    refused:
      `not restored: ${gone}. Its successor is ${successor}, which cannot carry: ${loses.join("; ")}. ` +
      `To migrate, repeat with the setting baseModels {"${own}": "${successor}"}.`,
  };
}
