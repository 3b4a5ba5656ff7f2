/**
 * Whether each model could be rebuilt from the timeline alone. Words can be read back, so they always can; prompts and speakers only from the
 * recordings that were captured when they were uploaded.
 */
import type { Verdict } from "../../model/verdict.ts";
import { keyText, type ItemKey } from "../../model/key.ts";
import type { Readiness, VersionReader } from "../source.ts";
import { readCapture } from "../watson/captures.ts";
import { captureKey } from "../watson/keys.ts";
import { groupByModel, type ModelGroup } from "../watson/model-groups.ts";

/** Captures looked up at once. */
const LOOKUP_KEYS = 100;

interface Lack {
  readonly key: ItemKey;
  readonly what: string;
  /** There is a recording, though nothing proves that it is the one. */
  readonly doubtful: boolean;
}

export async function* ttsReadiness(_collection: string, reader: VersionReader): AsyncGenerator<Readiness> {
  for await (const group of groupByModel(reader.versions())) {
    if (group.kind === "model") {
      if (group.version?.kind !== "deleted") yield await modelReadiness(group, reader);
    } else if (group.parsed?.kind === "speaker" && group.version.kind === "live") {
      const { key } = group.version;
      const [lack] = await lacks(reader, [{ key, capture: captureKey("speakers", group.parsed.id) }]);
      yield readiness(key, lack === undefined ? [] : [lack], "lost");
    }
  }
}

async function modelReadiness(group: ModelGroup, reader: VersionReader): Promise<Readiness> {
  if (group.version === undefined) {
    return {
      key: group.key,
      verdict: "lost",
      missing: [{ what: "The model itself is not kept: its language is unknown." }],
    };
  }
  const prompts = group.resources.prompts.filter(({ version }) => version.kind === "live");
  const missing: Lack[] = [];
  for (let from = 0; from < prompts.length; from += LOOKUP_KEYS) {
    const batch = prompts.slice(from, from + LOOKUP_KEYS);
    const wanted = batch.map(({ of, version }) => ({
      key: version.key,
      capture: captureKey(group.named.id, `prompts/${of}`),
    }));
    missing.push(...(await lacks(reader, wanted)));
  }
  return readiness(group.key, missing, "partial");
}

function readiness(key: ItemKey, found: readonly Lack[], worst: Verdict): Readiness {
  const missing = found.toSorted((a, b) => Number(a.doubtful) - Number(b.doubtful));
  const [first] = missing;
  const verdict = first === undefined ? "complete" : first.doubtful ? "degraded" : worst;
  return { key, verdict, missing: missing.map(({ key: of, what }) => ({ key: of, what })) };
}

async function lacks(
  reader: VersionReader,
  wanted: readonly { readonly key: ItemKey; readonly capture: ItemKey }[],
): Promise<Lack[]> {
  const captures = await reader.find(wanted.map(({ capture }) => capture));
  return wanted.flatMap(({ key }, at): Lack[] => {
    const version = captures[at];
    if (version?.kind !== "live") {
      return [
        {
          key,
          doubtful: false,
          what: `Not recoverable: the recording of ${keyText(key)} was never captured.`,
        },
      ];
    }
    const { note, content } = readCapture(version);
    if (content === undefined || note.incomplete !== undefined) {
      const why = note.incomplete ?? "the capture holds none";
      return [
        {
          key,
          doubtful: false,
          what: `Not recoverable: the recording of ${keyText(key)} was not kept (${why}).`,
        },
      ];
    }
    const proven = note.evidence === "captured" || note.evidence === "verified";
    if (proven) return [];
    const what = `The recording of ${keyText(key)} is ${note.evidence}: nothing proves that it is the one in use.`;
    return [{ key, doubtful: true, what }];
  });
}
