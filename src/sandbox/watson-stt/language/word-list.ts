/**
 * The words resource as the service shows it. The previous generation lists what it found in corpora and grammars and what users
 * defined; the newer families list what users defined.
 */
import type { BaseModel } from "../base-models.ts";
import type { CustomModels } from "../custom/custom-models.ts";
import type { CustomModel } from "../custom/model.ts";
import type { UserWord } from "../custom/word-store.ts";
import { isBaseWord } from "../text/base-vocabulary.ts";
import { generatedPronunciations } from "../text/pronunciation.ts";

export type WordType = "all" | "user" | "corpora" | "grammars";
export type WordSort = "alphabetical" | "+alphabetical" | "-alphabetical" | "count" | "+count" | "-count";

export interface ListedWord {
  readonly word: string;
  readonly sounds_like: readonly string[];
  readonly display_as: string;
  readonly count: number;
  readonly source: readonly string[];
  readonly error?: readonly Readonly<Record<string, string>>[];
  readonly mapping_only?: boolean;
}

const USER = "user";

/** `only`: this word and no other. */
export function listedWords(
  models: CustomModels,
  model: CustomModel,
  base: BaseModel,
  type: WordType,
  only?: string,
): ListedWord[] {
  const one = only === undefined ? undefined : models.words.user(model.id, only);
  const users = only === undefined ? models.words.users(model.id) : one === undefined ? [] : [one];
  if (base.family !== "pg") {
    return type === "all" || type === USER ? users.map((word) => newerWord(word)) : [];
  }
  const entries = new Map<string, { user?: UserWord; sources: string[]; found: number }>();
  const shown = shownResources(models, model);
  for (const { word, resource, count } of models.words.foundWords(model.id, only)) {
    if (!shown.has(resource)) continue;
    const entry = entries.get(word) ?? { sources: [], found: 0 };
    entry.sources.push(resource);
    entry.found += count;
    entries.set(word, entry);
  }
  for (const user of users) {
    const entry = entries.get(user.word) ?? { sources: [], found: 0 };
    entries.set(user.word, { ...entry, user });
  }
  return [...entries]
    .filter(
      ([, { user, sources }]) =>
        type === "all" ||
        (type === USER ? user !== undefined : sources.some((name) => shown.get(name) === type)),
    )
    .map(([word, { user, sources, found }]) => previousWord(base, word, user, sources, found));
}

/** Resources whose analysis is over, by the word type that asks for them. */
function shownResources(models: CustomModels, model: CustomModel): Map<string, "corpora" | "grammars"> {
  const over = models.resources.list(model.id).filter(({ ends }) => ends <= models.now);
  return new Map(over.map(({ kind, name }) => [name, kind === "corpus" ? "corpora" : "grammars"]));
}

function newerWord(user: UserWord): ListedWord {
  return {
    display_as: user.displayAs ?? user.word,
    sounds_like: user.soundsLike ?? [],
    count: 1,
    source: [USER],
    word: user.word,
    ...rest(user),
  };
}

function previousWord(
  base: BaseModel,
  word: string,
  user: UserWord | undefined,
  sources: readonly string[],
  found: number,
): ListedWord {
  const known = isBaseWord(base.language, word);
  const generated = known ? [] : generatedPronunciations(base.language, word);
  return {
    display_as: user?.displayAs ?? (known ? "" : word),
    sounds_like: user?.soundsLike ?? generated,
    count: Math.max(1, found + (user?.first === true ? 1 : 0)),
    source: user === undefined ? sources : [...sources, USER],
    word,
    ...(user === undefined ? {} : rest(user)),
  };
}

function rest(user: UserWord): Pick<ListedWord, "error" | "mapping_only"> {
  return {
    ...(user.errors === undefined ? {} : { error: user.errors }),
    ...(user.mappingOnly === undefined ? {} : { mapping_only: user.mappingOnly }),
  };
}

/** Digits, upper case, lower case; or by count, and equal counts by word. */
export function sortWords(words: readonly ListedWord[], sort: WordSort): ListedWord[] {
  const sign = sort.startsWith("-") ? -1 : 1;
  const byWord = (a: ListedWord, b: ListedWord): number => (a.word < b.word ? -1 : a.word > b.word ? 1 : 0);
  return words.toSorted((a, b) =>
    sort.endsWith("count") ? sign * (a.count - b.count) || byWord(a, b) : sign * byWord(a, b),
  );
}
