/**
 * Whether a language model could be rebuilt from the timeline alone: corpora and grammars need their originals, a trained model the options
 * of its training. Figures alone never make a model complete.
 */
import { keyText } from "../../../model/key.ts";
import type { Readiness, VersionReader } from "../../source.ts";
import { groupByModel } from "../../watson/model-groups.ts";
import { shown } from "./calls.ts";
import { familyOf } from "./base-models.ts";
import { readKeptModel, type KeptFile, type KeptModel } from "./kept-model.ts";
import { wasTrained } from "../model-status.ts";

/** Least time to analyse a file, ms: the vendor says minutes for each. */
const ANALYSIS_MS = 60_000;

/** Least time of a training, ms: the vendor says minutes. */
const TRAINING_MS = 300_000;

/** In byte order of key. */
export async function* languageModelReadiness(reader: VersionReader): AsyncGenerator<Readiness> {
  for await (const group of groupByModel(reader.versions())) {
    if (group.kind === "single" || group.version?.kind !== "live") continue;
    yield verdictOf(await readKeptModel(group, reader));
  }
}

/** Pure. */
export function verdictOf(kept: KeptModel): Readiness {
  const { files, model, key } = kept;
  const lost = files.filter(({ original }) => original === undefined);
  const lostWords = kept.words.filter(({ word }) => word.error !== "");
  const doubts = files.flatMap(doubtOf);
  const trained = model !== undefined && wasTrained(model.status);
  const missing: { readonly key?: Buffer; readonly what: string }[] = [
    ...(lost.length === 0
      ? []
      : [
          {
            key,
            what: `Not recoverable: ${lost.length} of ${files.length} corpora and grammars are missing.`,
          },
        ]),
    ...lost.map((file) => ({
      key: file.key,
      what: `Not recoverable: ${shown(file.kind)} "${file.resource.name}": ${file.missing}.`,
    })),
    ...doubts,
    ...lostWords.map(({ key: word, word: { error } }) => ({
      key: word,
      what: `The service itself cannot use this word, and it would not be written: ${error}.`,
    })),
  ];
  const unknown: string[] = [];
  if (trained && kept.training === undefined) {
    unknown.push("Training weight unknown: the options of its last training were never captured.");
  } else if (trained && kept.training?.evidence === "uncertain") {
    unknown.push("Training weight uncertain: the connection broke before the service answered.");
  }
  if (model !== undefined && model.versions.length > 1) {
    unknown.push("It runs on an older version of its base model; rebuilt, it runs on the newest.");
  }
  missing.push(...unknown.map((what) => ({ key, what })));
  const doubtful = missing.length > 0;
  if (model !== undefined && familyOf(model.baseModel) === "pg") {
    // Not a matter of what is kept: on Cloud Pak for Data it may live on.
    missing.push({
      key,
      what: `Its base model ${model.baseModel} was withdrawn on IBM Cloud in August 2023: there it can only be migrated.`,
    });
  }
  return {
    key,
    verdict: verdict(kept, lost, doubtful),
    missing,
    estimateMs: files.length * ANALYSIS_MS + (trained ? TRAINING_MS : 0),
  };
}

function verdict(
  { files, words }: KeptModel,
  lost: readonly KeptFile[],
  doubtful: boolean,
): Readiness["verdict"] {
  if (lost.length === 0) return doubtful ? "degraded" : "complete";
  // Nothing of its own would come back.
  return lost.length === files.length && words.length === 0 ? "lost" : "partial";
}

/** Originals that may not be what the service holds. */
function doubtOf({
  key,
  kind,
  resource,
  original,
}: KeptFile): { readonly key: Buffer; readonly what: string }[] {
  const { evidence } = original?.note ?? {};
  const name = `${shown(kind)} "${resource.name}"`;
  if (evidence === "uncertain") {
    return [
      {
        key,
        what: `The upload of ${name} was cut off before the service answered: it may hold an older one.`,
      },
    ];
  }
  if (evidence === "claimed") {
    return [
      { key, what: `The original of ${name} was registered and never proven to be what the service holds.` },
    ];
  }
  if (resource.status === "undetermined") {
    return [{ key, what: `The service could not analyse ${keyText(key)}: ${resource.error}` }];
  }
  return [];
}
