/**
 * A language model as it is at the service now, read whole. The service bounds it: 90,000 derived words at most.
 */
import { takesGrammars } from "./base-models.ts";
import type { LanguageModelCalls } from "./calls.ts";
import type { CustomModel } from "../custom-model.ts";
import type { Resource, Word } from "./objects.ts";

/** What hangs below a model, by name. */
export interface Contents {
  readonly corpora: ReadonlyMap<string, Resource>;
  readonly grammars: ReadonlyMap<string, Resource>;
  readonly words: ReadonlyMap<string, Word>;
}

export interface PresentModel extends Contents {
  readonly model: CustomModel;
}

export const NO_CONTENTS: Contents = { corpora: new Map(), grammars: new Map(), words: new Map() };

/** Errors: as the calls. */
export async function readContents(
  calls: LanguageModelCalls,
  model: Pick<CustomModel, "id" | "baseModel">,
): Promise<Contents> {
  const corpora = await calls.files(model.id, "corpora");
  const grammars = takesGrammars(model.baseModel) ? await calls.files(model.id, "grammars") : [];
  const words = await calls.words(model.id);
  return {
    corpora: new Map(corpora.map((corpus) => [corpus.name, corpus])),
    grammars: new Map(grammars.map((grammar) => [grammar.name, grammar])),
    words: new Map(words.map((word) => [word.word, word])),
  };
}
