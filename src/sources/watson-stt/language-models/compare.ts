/**
 * Proving the language models of an instance equal to an instant, as far as the service shows anything: metadata, corpora, grammars, words,
 * whether it is trained; and, where a restore has noted it, which content was put under each name.
 *
 * Not told, because nobody can know it: the text of files that somebody else uploaded with equal figures, and the options of a training.
 */
import { keyOf, keyText, type ItemKey } from "../../../model/key.ts";
import type { CompareEvent, CompareRequest, Difference, SourceContext } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { modelKey } from "../../watson/keys.ts";
import { groupByModel } from "../../watson/model-groups.ts";
import { takesGrammars } from "./base-models.ts";
import { LanguageModelCalls } from "./calls.ts";
import { CONTENT_GROUP, contentName } from "../content-notes.ts";
import { readKeptModel, type KeptFile, type KeptModel } from "./kept-model.ts";
import { isUserWord } from "./objects.ts";
import { statesOf } from "./plan.ts";
import { readContents, type PresentModel } from "./present-model.ts";
import { standIn } from "../restore-models.ts";
import { metadataDifference } from "../custom-model.ts";
import { sameWord } from "./word-definition.ts";

export async function* compareLanguageModels(
  client: WatsonClient,
  request: CompareRequest,
  context: SourceContext,
): AsyncGenerator<CompareEvent> {
  const calls = new LanguageModelCalls(client, context);
  const existing = await calls.models();
  const byId = new Map(existing.map((model) => [model.id, model]));
  const used = new Set<string>();
  let items = 0;
  let parts = 0;
  let blobs = 0;
  for await (const group of groupByModel(request.reader.versions())) {
    if (group.kind === "single") continue;
    const kept = await readKeptModel(group, request.reader);
    const present = standIn(byId, group.named.id, request);
    const keys = liveKeys(kept);
    if (keys.length === 0) continue;
    items += keys.length;
    parts += keys.length;
    if (present === undefined) {
      for (const key of keys) yield difference(key, "missing", "the target does not have this model");
      continue;
    }
    used.add(present.id);
    blobs += kept.files.filter(({ original }) => original !== undefined).length;
    const there = { model: present, ...(await readContents(calls, present)) };
    for (const one of differences(kept, there, request)) yield { kind: "difference", difference: one };
    if (!request.whole) continue;
    for (const key of surplusKeys(kept, there))
      yield difference(key, "extra", "it did not exist at the instant");
  }
  if (request.whole) {
    for (const model of existing) {
      if (!used.has(model.id)) yield difference(modelKey(model), "extra", "it did not exist at the instant");
    }
  }
  yield { kind: "end", items, parts, blobs };
}

function* differences(kept: KeptModel, there: PresentModel, { ids }: CompareRequest): Generator<Difference> {
  const { model } = kept;
  if (kept.chosen && model !== undefined) {
    const differing = metadataDifference(model, there.model);
    if (differing !== "") yield { key: kept.key, difference: "state", detail: differing };
  }
  const comparable = model?.baseModel === there.model.baseModel;
  for (const file of kept.files) {
    // Into the instance that it came from others write as well: there a note is no proof.
    const written =
      kept.named.id === there.model.id
        ? undefined
        : ids?.get(CONTENT_GROUP, contentName(there.model.id, file.kind, file.resource.name));
    const found = fileDifference(file, there, comparable, written);
    if (found !== undefined) yield found;
  }
  for (const word of kept.words) {
    const present = there.words.get(word.word.word);
    if (present === undefined || !isUserWord(present)) {
      yield { key: word.key, difference: "missing", detail: "the target does not have this word" };
    } else if (!sameWord(word, present)) {
      yield { key: word.key, difference: "state", detail: "another pronunciation, spelling or mapping" };
    } else if (present.error !== "" && word.word.error === "") {
      yield { key: word.key, difference: "state", detail: `the service cannot use it: ${present.error}` };
    }
  }
  if (!comparable) return;
  for (const [word, key] of kept.derived) {
    if (!there.words.has(word)) {
      yield { key, difference: "missing", detail: "the target has not derived this word" };
    }
  }
}

function fileDifference(
  { key, kind, resource, original }: KeptFile,
  there: PresentModel,
  comparable: boolean,
  written: string | undefined,
): Difference | undefined {
  const present = there[kind].get(resource.name);
  if (present === undefined) {
    const why =
      takesGrammars(there.model.baseModel) || kind === "corpora" ? "" : ": its base model takes none";
    return { key, difference: "missing", detail: `the target does not have it${why}` };
  }
  if (present.status !== resource.status) {
    return { key, difference: "state", detail: `it is ${present.status} and was ${resource.status}` };
  }
  if (written !== undefined && original !== undefined && written !== original.note.sha256) {
    return { key, difference: "blob", detail: "a restore put another content under this name" };
  }
  const figures: readonly (readonly [string, number, number])[] = [
    ["words", present.totalWords, resource.totalWords],
    ["words unknown to the base model", present.outOfVocabulary, resource.outOfVocabulary],
  ];
  const differing = comparable ? figures.filter(([, now, then]) => now !== then) : [];
  if (differing.length === 0) return undefined;
  const detail = differing.map(([what, now, then]) => `${now} ${what} and had ${then}`).join("; ");
  return { key, difference: "state", detail: `it has ${detail}` };
}

/** What a user has put there since, under the kept model's name. */
function surplusKeys(kept: KeptModel, there: PresentModel): ItemKey[] {
  const known = new Set(liveKeys(kept).map(keyText));
  const own = modelKey(there.model).length;
  return [...statesOf(there).keys()]
    .map((name) => Buffer.concat([kept.key, keyOf(name).subarray(own)]))
    .filter((key) => !known.has(keyText(key)) && !isFormOfKept(key, kept));
}

/** A word that is kept as derived and is a user's now, or the reverse, differs in kind and is told as missing. */
function isFormOfKept(key: ItemKey, { words, derived, key: own }: KeptModel): boolean {
  const [, kind, word = ""] = /^\/([a-z-]+)\/(.+)$/s.exec(keyText(key.subarray(own.length))) ?? [];
  if (kind === "words") return derived.has(word);
  return kind === "derived-words" && words.some((one) => one.word.word === word);
}

function liveKeys({ key, chosen, files, words, derived }: KeptModel): ItemKey[] {
  return [
    ...(chosen ? [key] : []),
    ...files.map((file) => file.key),
    ...words.map((word) => word.key),
    ...derived.values(),
  ];
}

function difference(key: ItemKey, what: Difference["difference"], detail: string): CompareEvent {
  return { kind: "difference", difference: { key, difference: what, detail } };
}
