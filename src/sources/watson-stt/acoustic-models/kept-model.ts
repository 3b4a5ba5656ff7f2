/**
 * One acoustic model as the timeline holds it: what was chosen of it, what the listing said, and which recordings are known.
 */
import type { ItemKey } from "../../../model/key.ts";
import type { VersionReader } from "../../source.ts";
import { originalOf, readCapture, type CaptureNote, type Original } from "../../watson/captures.ts";
import { captureKey, type Named } from "../../watson/keys.ts";
import type { ModelGroup } from "../../watson/model-groups.ts";
import { customModelOf, type CustomModel } from "../custom-model.ts";
import { audioResourceOf, type AudioResource } from "./audio.ts";

export interface KeptAudio {
  readonly key: ItemKey;
  readonly audio: AudioResource;
  /** Undefined: it is not recoverable, and `missing` says why. */
  readonly original: Original | undefined;
  readonly missing: string;
}

export interface KeptAcousticModel {
  readonly named: Named;
  readonly key: ItemKey;
  /** Whether the model's own item is among the chosen ones. */
  readonly chosen: boolean;
  /** Undefined when the timeline holds none at the instant. */
  readonly model: CustomModel | undefined;
  readonly audio: readonly KeptAudio[];
  /** Chosen items that had been deleted by the instant. */
  readonly deleted: readonly ItemKey[];
  /** The options of its last training; undefined where none was captured. */
  readonly training: CaptureNote | undefined;
}

/** Errors: `object-*`. */
export async function readKeptAcousticModel(
  { named, key, version, resources }: ModelGroup,
  reader: VersionReader,
): Promise<KeptAcousticModel> {
  const own = version ?? (await reader.find([key]))[0];
  const live = resources.audio.filter((item) => item.version.kind === "live");
  const captures = [
    captureKey(named.id, "training"),
    ...live.map(({ of }) => captureKey(named.id, `audio/${of}`)),
  ];
  const [training, ...recordings] = (await reader.find(captures)).map((found) =>
    found?.kind === "live" ? readCapture(found) : undefined,
  );
  const gone = resources.audio.filter((item) => item.version.kind === "deleted");
  return {
    named,
    key,
    chosen: version?.kind === "live",
    model: own?.kind === "live" ? customModelOf(own.parts[0] as Buffer) : undefined,
    audio: live.map(({ version: { key: item, parts } }, at) => ({
      key: item,
      audio: audioResourceOf(parts[0] as Buffer, parts[1]),
      ...originalOf(recordings[at]),
    })),
    deleted: [
      ...(version?.kind === "deleted" ? [key] : []),
      ...gone.map(({ version: { key: item } }) => item),
    ],
    training: training?.note,
  };
}
