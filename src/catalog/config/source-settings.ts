/**
 * A source's options as `config show` lists them, each with where it comes from.
 */
import { SOURCE_DEFAULTS } from "./defaults.ts";
import { placeText, type ConfigDocument } from "./document.ts";
import type { Setting } from "./effective.ts";
import { policySettingsOf } from "./policy-layers.ts";
import type { SourceEntry } from "./schema.ts";
import { DEFAULT_API_VERSION } from "./source-form-schema.ts";

/** Options of CouchDB sources that have no default here: the source itself chooses. */
const COUCH_OPTIONS = [
  "parallelism",
  "requestsPerSecond",
  "readsPerSecond",
  "writesPerSecond",
  "queriesPerSecond",
  "headroom",
  "requestTimeout",
  "compressRequests",
] as const;

/** The same of Watson sources. */
const WATSON_OPTIONS = [
  "parallelism",
  "requestsPerSecond",
  "headroom",
  "requestTimeout",
  "poll",
  "patience",
  "fullReadEvery",
] as const;

/** The same of Form Recognizer sources. */
const FORM_OPTIONS = [
  "apiVersion",
  "resourceId",
  "region",
  "ca",
  "parallelism",
  "requestsPerSecond",
  "headroom",
  "requestTimeout",
  "poll",
  "patience",
] as const;

type Add = (
  member: readonly string[],
  value: Setting["value"] | undefined,
  fallback?: Setting["value"],
) => void;

/** In the order of the file's schema; secrets as their references. */
export function sourceSettings(name: string, entry: SourceEntry, document: ConfigDocument): Setting[] {
  const settings: Setting[] = [];
  const add: Add = (member, value, fallback) => {
    const shown = value ?? fallback;
    if (shown === undefined) return;
    const path = ["sources", name, ...member];
    const origin =
      value === undefined
        ? ({ kind: "default", place: "" } as const)
        : ({ kind: "file", place: placeText(document.path, document.placeOf(path)) } as const);
    settings.push({ name: path.join("."), value: shown, origin });
  };
  add(["kind"], entry.kind);
  add(["url"], entry.url);
  if (typeof entry.auth === "object") {
    for (const [member, value] of Object.entries(entry.auth)) add(["auth", member], value);
  } else {
    add(["auth"], entry.auth, SOURCE_DEFAULTS.auth);
  }
  addOwn(entry, add);
  settings.push(...policySettingsOf(document, name, `sources.${name}.policy`));
  return settings;
}

/** What only sources of this kind have. */
function addOwn(entry: SourceEntry, add: Add): void {
  if (entry.kind === "couchdb") {
    add(["databases"], entry.databases, SOURCE_DEFAULTS.databases);
    add(["exclude"], entry.exclude, SOURCE_DEFAULTS.exclude);
    for (const [part, fallback] of Object.entries(SOURCE_DEFAULTS.include)) {
      add(["include", part], entry.include?.[part as keyof typeof SOURCE_DEFAULTS.include], fallback);
    }
    for (const option of COUCH_OPTIONS) add([option], entry[option]);
    return;
  }
  if (entry.kind === "form-recognizer") {
    for (const option of FORM_OPTIONS)
      add([option], entry[option], option === "apiVersion" ? DEFAULT_API_VERSION : undefined);
    for (const [index, set] of (entry.dataSets ?? []).entries()) {
      for (const [member, value] of Object.entries(set)) add(["dataSets", String(index), member], value);
    }
    for (const [member, value] of Object.entries(entry.retrainInto ?? {}))
      add(["retrainInto", member], value);
    return;
  }
  add(["ca"], entry.ca);
  add(["insecureTls"], entry.insecureTls);
  add(["collections"], entry.collections, SOURCE_DEFAULTS.collections);
  for (const option of WATSON_OPTIONS) add([option], entry[option]);
}
