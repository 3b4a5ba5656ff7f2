/**
 * The operations of both services whose requests are kept, because what they carry can never be read back or because they undo what
 * was kept. One row each; everything that is not in the table passes untouched and unseen.
 */
import type { WatsonCollection } from "../../sources/watson/captures.ts";
import type { InstanceKind } from "../options.ts";

/** What of the body is kept. */
export type BodyUse =
  /** Nothing: the parameters are all. */
  | "none"
  /** The content of an upload. */
  | "content"
  /** The same, out of the multipart part that is not `metadata`; that one is the note's body. */
  | "parts"
  /** A small JSON body, in the note. */
  | "json"
  /** A list of words: one capture for each. */
  | "words";

export interface Operation {
  readonly kind: InstanceKind;
  readonly method: "POST" | "PUT" | "DELETE";
  /** Below the instance; `{id}` and the like are one segment each. */
  readonly path: string;
  /** The vendor SDK's name. */
  readonly name: string;
  /** Where it is kept; several for what concerns them all. */
  readonly collections: readonly WatsonCollection[];
  readonly body: BodyUse;
  /** Scope and rest of the capture's key; `{created}` is the id that the service answers with, `?x` the parameter x. */
  readonly key: readonly [scope: string, rest: string];
  /** What was kept under this key, and with a trailing slash everything below it, is gone from the service. */
  readonly gone?: readonly (readonly [scope: string, rest: string])[];
  /** The answer is kept where it says something: warnings. */
  readonly answer?: true;
}

type Row = Omit<Operation, "kind" | "body" | "collections"> & {
  readonly body?: BodyUse;
  readonly collections?: readonly WatsonCollection[];
};

const MODEL = "/v1/customizations/{id}";
const ACOUSTIC = "/v1/acoustic_customizations/{id}";

/** A deletion: it leaves nothing but the deletion itself. */
function deletion(path: string, name: string, scope: string, rest: string): Row {
  return { method: "DELETE", path, name, key: [scope, rest], gone: [[scope, rest]] };
}

function rows(kind: InstanceKind, collection: WatsonCollection, table: readonly Row[]): Operation[] {
  return table.map((row) => ({ kind, collections: [collection], body: "none", ...row }));
}

const VOICE_MODELS = rows("watson-tts", "voice-models", [
  {
    method: "POST",
    path: "/v1/customizations",
    name: "createCustomModel",
    body: "json",
    key: ["{created}", "model"],
  },
  { method: "POST", path: MODEL, name: "updateCustomModel", body: "json", key: ["{id}", "update"] },
  deletion(MODEL, "deleteCustomModel", "{id}", ""),
  { method: "POST", path: `${MODEL}/words`, name: "addWords", body: "words", key: ["{id}", "words/{word}"] },
  {
    method: "PUT",
    path: `${MODEL}/words/{name}`,
    name: "addWord",
    body: "json",
    key: ["{id}", "words/{name}"],
  },
  deletion(`${MODEL}/words/{name}`, "deleteWord", "{id}", "words/{name}"),
  {
    method: "POST",
    path: `${MODEL}/prompts/{name}`,
    name: "addCustomPrompt",
    body: "parts",
    key: ["{id}", "prompts/{name}"],
  },
  deletion(`${MODEL}/prompts/{name}`, "deleteCustomPrompt", "{id}", "prompts/{name}"),
  {
    method: "POST",
    path: "/v1/speakers",
    name: "createSpeakerModel",
    body: "content",
    key: ["speakers", "{created}"],
  },
  deletion("/v1/speakers/{id}", "deleteSpeakerModel", "speakers", "{id}"),
  {
    method: "DELETE",
    path: "/v1/user_data",
    name: "deleteUserData",
    key: ["user-data", "{?customer_id}"],
  },
]);

const LANGUAGE_MODELS = rows("watson-stt", "language-models", [
  {
    method: "POST",
    path: "/v1/customizations",
    name: "createLanguageModel",
    body: "json",
    key: ["{created}", "model"],
  },
  deletion(MODEL, "deleteLanguageModel", "{id}", ""),
  {
    method: "POST",
    path: `${MODEL}/train`,
    name: "trainLanguageModel",
    key: ["{id}", "training"],
    answer: true,
  },
  {
    method: "POST",
    path: `${MODEL}/reset`,
    name: "resetLanguageModel",
    key: ["{id}", "reset"],
    gone: [
      ["{id}", "corpora/"],
      ["{id}", "grammars/"],
      ["{id}", "words/"],
      ["{id}", "word-lists/"],
    ],
  },
  { method: "POST", path: `${MODEL}/upgrade_model`, name: "upgradeLanguageModel", key: ["{id}", "upgrade"] },
  {
    method: "POST",
    path: `${MODEL}/corpora/{name}`,
    name: "addCorpus",
    body: "content",
    key: ["{id}", "corpora/{name}"],
  },
  deletion(`${MODEL}/corpora/{name}`, "deleteCorpus", "{id}", "corpora/{name}"),
  {
    method: "POST",
    path: `${MODEL}/grammars/{name}`,
    name: "addGrammar",
    body: "content",
    key: ["{id}", "grammars/{name}"],
  },
  deletion(`${MODEL}/grammars/{name}`, "deleteGrammar", "{id}", "grammars/{name}"),
  { method: "POST", path: `${MODEL}/words`, name: "addWords", body: "words", key: ["{id}", "words/{word}"] },
  {
    method: "PUT",
    path: `${MODEL}/words/{name}`,
    name: "addWord",
    body: "json",
    key: ["{id}", "words/{name}"],
  },
  deletion(`${MODEL}/words/{name}`, "deleteWord", "{id}", "words/{name}"),
]);

const ACOUSTIC_MODELS = rows("watson-stt", "acoustic-models", [
  {
    method: "POST",
    path: "/v1/acoustic_customizations",
    name: "createAcousticModel",
    body: "json",
    key: ["{created}", "model"],
  },
  deletion(ACOUSTIC, "deleteAcousticModel", "{id}", ""),
  {
    method: "POST",
    path: `${ACOUSTIC}/train`,
    name: "trainAcousticModel",
    key: ["{id}", "training"],
    answer: true,
  },
  {
    method: "POST",
    path: `${ACOUSTIC}/reset`,
    name: "resetAcousticModel",
    key: ["{id}", "reset"],
    gone: [["{id}", "audio/"]],
  },
  {
    method: "POST",
    path: `${ACOUSTIC}/upgrade_model`,
    name: "upgradeAcousticModel",
    key: ["{id}", "upgrade"],
  },
  {
    method: "POST",
    path: `${ACOUSTIC}/audio/{name}`,
    name: "addAudio",
    body: "content",
    key: ["{id}", "audio/{name}"],
  },
  deletion(`${ACOUSTIC}/audio/{name}`, "deleteAudio", "{id}", "audio/{name}"),
]);

const JOBS = rows("watson-stt", "jobs", [
  {
    method: "POST",
    path: "/v1/register_callback",
    name: "registerCallback",
    key: ["callbacks", "{?callback_url}"],
    answer: true,
  },
  {
    method: "POST",
    path: "/v1/unregister_callback",
    name: "unregisterCallback",
    key: ["callbacks", "{?callback_url}"],
    gone: [["callbacks", "{?callback_url}"]],
  },
  {
    method: "POST",
    path: "/v1/recognitions",
    name: "createJob",
    body: "content",
    key: ["jobs", "{created}"],
    answer: true,
  },
  deletion("/v1/recognitions/{id}", "deleteJob", "jobs", "{id}"),
  {
    method: "DELETE",
    path: "/v1/user_data",
    name: "deleteUserData",
    collections: ["language-models", "acoustic-models", "jobs"],
    key: ["user-data", "{?customer_id}"],
  },
]);

export const OPERATIONS: readonly Operation[] = [
  ...VOICE_MODELS,
  ...LANGUAGE_MODELS,
  ...ACOUSTIC_MODELS,
  ...JOBS,
];

/** Whether the operation only takes away: it leaves nothing that a restore would miss, so it is never refused. */
export function onlyTakesAway({ method, gone }: Operation): boolean {
  return method === "DELETE" || gone !== undefined;
}

/** Changes nothing that is stored: never counted as an unknown write. */
export const STATELESS_PATHS: ReadonlySet<string> = new Set([
  "/v1/recognize",
  "/v1/synthesize",
  "/v1/pronunciation",
  "/v1/detect_language",
]);
