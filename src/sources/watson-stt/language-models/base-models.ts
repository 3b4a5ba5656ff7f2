/**
 * Base models: the families they belong to, what may take the place of one that the service no longer offers, and what is lost on the
 * way. A custom model works with its own base model only, so a successor makes a restore a migration.
 */

import type { OfferedModel } from "../model-calls.ts";

/** Previous generation, next generation, large speech model. */
export type Family = "pg" | "ng" | "lsm" | "unknown";

export interface Succession {
  /** Undefined: nothing that is offered can take its place. */
  readonly successor: string | undefined;
  /** What does not come along: one sentence each. */
  readonly loses: readonly string[];
}

/** Spanish as spoken in these countries shares one telephony model. */
const LATIN_AMERICAN_SPANISH: ReadonlySet<string> = new Set(["es-AR", "es-CL", "es-CO", "es-MX", "es-PE"]);

export function familyOf(baseModel: string): Family {
  if (/_(?:Broadband|Narrowband)Model$/.test(baseModel)) return "pg";
  if (/_(?:Telephony|Multimedia)$/.test(baseModel)) return "ng";
  return /^[a-z]{2,3}-[A-Z]{2}$/.test(baseModel) ? "lsm" : "unknown";
}

/** Whether grammars can be added to a language model built on it. */
export function takesGrammars(baseModel: string): boolean {
  return familyOf(baseModel) !== "lsm";
}

/** Whether the service derives words from corpora and grammars, and lists them. */
export function derivesWords(baseModel: string): boolean {
  return familyOf(baseModel) === "pg";
}

/** The vendor's recommendation is the large speech model of the same locale; where there is none, the next generation. */
export function successorOf(baseModel: string, offered: readonly OfferedModel[]): Succession {
  const usable = new Set(offered.filter((model) => model.customisable).map(({ name }) => name));
  const successor = candidates(baseModel).find((name) => name !== baseModel && usable.has(name));
  return { successor, loses: successor === undefined ? [] : lossesBetween(baseModel, successor) };
}

/** What a model built on `from` leaves behind when it is rebuilt on `to`. */
export function lossesBetween(from: string, to: string): string[] {
  if (from === to) return [];
  const loses: string[] = [];
  if (takesGrammars(from) && !takesGrammars(to)) loses.push("grammars: large speech models take none");
  if (derivesWords(from) && !derivesWords(to)) {
    loses.push(
      "words that the service derived from corpora and grammars: only words that users added are listed",
    );
  }
  if (familyOf(from) === "pg" && familyOf(to) !== "pg") {
    loses.push("acoustic models trained with it: only the previous generation has them");
  }
  loses.push("the weight of its training: it starts from the successor's own default");
  return loses;
}

function candidates(baseModel: string): string[] {
  const locale = baseModel.split("_")[0] ?? "";
  const narrow = /Narrowband|Telephony/.test(baseModel);
  const next = narrow
    ? [`${locale}_Telephony`, `${locale}_Multimedia`]
    : [`${locale}_Multimedia`, `${locale}_Telephony`];
  return [locale, ...next, ...(LATIN_AMERICAN_SPANISH.has(locale) ? ["es-LA_Telephony"] : [])];
}
