/**
 * Item keys of the Watson kinds: paths that people recognise.
 *
 *   models/NAME [ID]                      a custom model (its own listing entry)
 *   models/NAME [ID]/words/WORD           what a user added: exactly the words that a restore writes
 *   models/NAME [ID]/derived-words/WORD   taken by the service from corpora and grammars (previous-generation models)
 *   models/NAME [ID]/corpora/NAME         also grammars/NAME, audio/NAME, prompts/ID: the listing's entry, never the content
 *   speakers/NAME [ID]
 *   jobs/ID
 *   captures/MODEL-ID/corpora/NAME        what was uploaded: also grammars, audio, prompts, words; captures/MODEL-ID/model (how it
 *                                         was created) and captures/MODEL-ID/training (the options of its last training)
 *   captures/speakers/ID, captures/jobs/ID, captures/callbacks/URL, captures/user-data/CUSTOMER
 *
 * NAME in `NAME [ID]` is the model's name when it was first seen, `%` and `/` in it percent-encoded: a model that is renamed keeps its
 * key. The last component of a key is never encoded, whatever it holds.
 */
import { keyOf, keyText, type ItemKey } from "../../model/key.ts";

/** What hangs below a model. */
export const RESOURCE_KINDS = ["words", "derived-words", "corpora", "grammars", "audio", "prompts"] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

export interface Named {
  readonly name: string;
  readonly id: string;
}

export type WatsonKey =
  | ({ readonly kind: "model" } & Named)
  | ({ readonly kind: "resource"; readonly resource: ResourceKind; readonly of: string } & Named)
  | ({ readonly kind: "speaker" } & Named)
  | { readonly kind: "job"; readonly id: string }
  | { readonly kind: "capture"; readonly capture: CaptureKey };

/** `scope`: a model's id, or `speakers`, `jobs`, `callbacks`, `user-data`. */
export interface CaptureKey {
  readonly scope: string;
  /** `corpora/NAME`, `model`, `training`; of the other scopes the id, URL or customer. */
  readonly rest: string;
}

export function modelKey(model: Named): ItemKey {
  return keyOf(`models/${shown(model)}`);
}

/** `of`: the resource's name, a word included. */
export function resourceKey(model: Named, resource: ResourceKind, of: string): ItemKey {
  return keyOf(`models/${shown(model)}/${resource}/${of}`);
}

export function speakerKey(speaker: Named): ItemKey {
  return keyOf(`speakers/${shown(speaker)}`);
}

export function jobKey(id: string): ItemKey {
  return keyOf(`jobs/${id}`);
}

export function captureKey(scope: string, rest: string): ItemKey {
  return keyOf(`captures/${scope}/${rest}`);
}

/** Undefined for a key that is none of these. */
export function parseKey(key: ItemKey): WatsonKey | undefined {
  const text = keyText(key);
  const capture = /^captures\/([^/]+)\/(.+)$/s.exec(text);
  if (capture) {
    return { kind: "capture", capture: { scope: capture[1] as string, rest: capture[2] as string } };
  }
  const job = /^jobs\/(.+)$/s.exec(text);
  if (job) return { kind: "job", id: job[1] as string };
  const named = /^(models|speakers)\/([^/]*) \[([^\]/]+)\](?:\/([a-z-]+)\/(.+))?$/s.exec(text);
  if (named === null) return undefined;
  const [, group, name = "", id = "", resource, of] = named;
  const which = { name: name.replaceAll("%2F", "/").replaceAll("%25", "%"), id };
  if (group === "speakers") return of === undefined ? { kind: "speaker", ...which } : undefined;
  if (of === undefined) return { kind: "model", ...which };
  if (!isResourceKind(resource)) return undefined;
  return { kind: "resource", ...which, resource, of };
}

function shown({ name, id }: Named): string {
  return `${name.replaceAll("%", "%25").replaceAll("/", "%2F")} [${id}]`;
}

function isResourceKind(text: string | undefined): text is ResourceKind {
  return (RESOURCE_KINDS as readonly (string | undefined)[]).includes(text);
}
