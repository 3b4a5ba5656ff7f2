/**
 * Whether an acoustic model could be rebuilt from the timeline alone: every recording needs its original, a trained model the options of its
 * training.
 */
import type { Readiness, VersionReader } from "../../source.ts";
import { groupByModel } from "../../watson/model-groups.ts";
import { wasTrained } from "../model-status.ts";
import { readKeptAcousticModel, type KeptAcousticModel, type KeptAudio } from "./kept-model.ts";

const MS_PER_SECOND = 1_000;
const SECONDS_PER_HOUR = 3_600;

/** Audio that a model may have on IBM Cloud since 2022, hours: one with more works there and cannot be rebuilt there. */
const CLOUD_HOURS = 50;

/** In byte order of key. */
export async function* acousticModelReadiness(reader: VersionReader): AsyncGenerator<Readiness> {
  for await (const group of groupByModel(reader.versions())) {
    if (group.kind === "single" || group.version?.kind !== "live") continue;
    yield acousticVerdict(await readKeptAcousticModel(group, reader));
  }
}

/** Pure. */
export function acousticVerdict(kept: KeptAcousticModel): Readiness {
  const { audio, model, key } = kept;
  const lost = audio.filter(({ original }) => original === undefined);
  const trained = model !== undefined && wasTrained(model.status);
  const missing: { readonly key?: Buffer; readonly what: string }[] = [
    ...(lost.length === 0
      ? []
      : [{ key, what: `Not recoverable: ${lost.length} of ${audio.length} recordings are missing.` }]),
    ...lost.map((one) => ({
      key: one.key,
      what: `Not recoverable: audio "${one.audio.name}": ${one.missing}.`,
    })),
    ...audio.flatMap(doubtOf),
  ];
  if (trained && kept.training === undefined) {
    missing.push({
      key,
      what: "Whether it was trained with a language model is unknown: the options of its last training were never captured.",
    });
  }
  const doubtful = missing.length > 0;
  const seconds = audio.reduce((sum, one) => sum + one.audio.duration, 0);
  if (seconds > CLOUD_HOURS * SECONDS_PER_HOUR) {
    missing.push({
      key,
      what: `It has more than ${CLOUD_HOURS} hours of audio: on IBM Cloud it could not be trained again.`,
    });
  }
  // Not a matter of what is kept: on Cloud Pak for Data they may live on.
  missing.push({
    key,
    what: "Acoustic models were discontinued on IBM Cloud in August 2023: there it cannot be made anew.",
  });
  return {
    key,
    verdict:
      lost.length === 0
        ? doubtful
          ? "degraded"
          : "complete"
        : lost.length < audio.length
          ? "partial"
          : "lost",
    missing,
    // A training lasts about as long as its audio.
    ...(trained ? { estimateMs: Math.round(seconds * MS_PER_SECOND) } : {}),
  };
}

/** Recordings that may not be what the service holds. */
function doubtOf({ key, audio, original }: KeptAudio): { readonly key: Buffer; readonly what: string }[] {
  const { evidence } = original?.note ?? {};
  if (evidence === "uncertain") {
    const what = `The upload of audio "${audio.name}" was cut off before the service answered: it may hold an older one.`;
    return [{ key, what }];
  }
  if (evidence === "claimed") {
    const what = `The original of audio "${audio.name}" was registered and never proven to be what the service holds.`;
    return [{ key, what }];
  }
  return [];
}
