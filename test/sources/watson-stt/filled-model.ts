/**
 * A language model with corpora, a grammar, words and a training, made the way an application makes it, with its captures kept.
 */
import type { Kept, Stand } from "./stand.ts";

export const CORPORA = {
  "2026-q1": "The claim was filed with Holdfast Mutual.\nZyxomax was prescribed twice.\n",
  "2026-q2": "Qwertium leaked from the quxbarrel.\nNobody saw the frobnitz.\n",
} as const;

export const GRAMMAR = "#ABNF 1.0 UTF-8;\nlanguage en-US;\nmode voice;\nroot $yesno;\n$yesno = yes | no ;\n";

export const WORDS = [
  { word: "IBM", sounds_like: ["I B M"], display_as: "IBM" },
  { word: "Holdfast", display_as: "Holdfast™" },
  { word: "NCAA", sounds_like: ["N C double A"], display_as: "NCAA" },
] as const;

export interface ModelOptions {
  readonly name?: string;
  readonly base?: string;
  readonly train?: boolean;
  readonly grammar?: boolean;
  /** Corpora whose originals are not kept. */
  readonly uncaptured?: readonly string[];
  readonly instance?: string;
}

/** Its id. */
export async function fillModel(stand: Stand, kept: Kept, options: ModelOptions = {}): Promise<string> {
  const {
    name = "Claims",
    base = "en-US_Telephony",
    train = true,
    grammar = true,
    uncaptured = [],
    instance,
  } = options;
  const creation = { name, base_model_name: base, description: "motor claims" };
  const { customization_id: created } = await stand.call("POST", "/v1/customizations", creation, instance);
  const id = String(created);
  const at = `/v1/customizations/${id}`;
  kept.addCapture(id, "model", { operation: "createLanguageModel", body: creation, created: id });
  // Submitted in an order that is not the names'.
  for (const corpus of ["2026-q2", "2026-q1"] as const) {
    await stand.call("POST", `${at}/corpora/${corpus}`, CORPORA[corpus], instance);
    if (uncaptured.includes(corpus)) continue;
    kept.addCapture(
      id,
      `corpora/${corpus}`,
      { operation: "addCorpus", contentType: "text/plain" },
      CORPORA[corpus],
    );
  }
  if (grammar) {
    await stand.call("POST", `${at}/grammars/yesno`, GRAMMAR, instance);
    kept.addCapture(
      id,
      "grammars/yesno",
      { operation: "addGrammar", contentType: "application/srgs" },
      GRAMMAR,
    );
  }
  await stand.call("POST", `${at}/words`, { words: WORDS }, instance);
  for (const word of WORDS) kept.addCapture(id, `words/${word.word}`, { operation: "addWords", body: word });
  if (!train) return id;
  await stand.call("POST", `${at}/train?customization_weight=0.4`, undefined, instance);
  kept.addCapture(id, "training", {
    operation: "trainLanguageModel",
    query: { customization_weight: "0.4" },
  });
  return id;
}
