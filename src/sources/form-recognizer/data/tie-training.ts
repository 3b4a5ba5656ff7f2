/**
 * Ties a model to the files that it was trained from, while they can still be told from later ones.
 */
import type { HoldfastError } from "../../../model/errors.ts";
import { canonicalText } from "../../../model/json/canonical.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { CaptureEngine, SourceContext } from "../../source.ts";
import { trainingKey } from "../keys.ts";
import type { ModelDetails } from "../service/face.ts";
import { isContainerFailure } from "./container-failure.ts";
import type { OpenDataSet, TrainingNote } from "./face.ts";
import { Generation } from "./generation.ts";
import { TrainingFiles } from "./training-files.ts";
import { trainingSources, type TrainingSource } from "./training-source.ts";

/**
 * `training/…` items of one model: each file of the generation it was trained from, then the note. Nothing where the timeline has them for this
 * version of the model already, whatever has become of the data set since: later evidence is worse. A data set that cannot be read makes a note
 * of evidence `unknown` that names the set; ask again at the next run.
 * Called after the data sets were captured, so the content is found by alias.
 */
export async function* tieTraining(
  model: ModelDetails,
  version: string,
  sets: readonly OpenDataSet[],
  engine: CaptureEngine,
  context: SourceContext,
): AsyncGenerator<readonly CapturedVersion[]> {
  const key = trainingKey(model);
  const tied = tiedState(version);
  if ((await engine.known([{ key, state: tied }]))[0] === true) return;

  let note = composedNote(model, version);
  let isTied = note !== undefined;
  if (note === undefined) {
    let sources: readonly TrainingSource[] = [];
    try {
      sources = await trainingSources(model, sets, context.signal);
      const files = new TrainingFiles(model, engine, context);
      yield* files.versions(sources);
      note = foundNote(model, version, sources, files);
      isTied = sources.length > 0 && sources.every(({ open }) => open !== undefined);
    } catch (error) {
      context.signal.throwIfAborted();
      if (!isContainerFailure(error)) throw error;
      context.warn?.(
        `What ${model.kind}/${model.id} was trained from could not be read: ${error.message}. It is tried again with the next run.`,
      );
      note = unreadableNote(model, version, sources, sets, error);
    }
  }
  const state = isTied ? tied : Buffer.from(canonicalText(note), "utf8");
  if ((await engine.known([{ key, state }]))[0] === true) return;
  const part = Buffer.from(JSON.stringify(note), "utf8");
  yield [{ key, kind: "live", revision: version, state, parts: [part], blobs: [] }];
}

/** Of a note that need not be made again for this version of the model, whatever it says. */
function tiedState(version: string): Buffer {
  return Buffer.from(canonicalText({ tied: version }), "utf8");
}

const NO_FILES = new Generation().digest();

function composedNote(model: ModelDetails, version: string): TrainingNote | undefined {
  if (!model.composed) return undefined;
  const parts = [
    ...model.components,
    ...(model.classifier === undefined ? [] : [`classifier ${model.classifier}`]),
  ];
  const names = parts.length === 0 ? "other models" : parts.join(", ");
  return {
    ...emptyNote(model, version),
    doubts: [`It is composed of ${names} and has no training data of its own`],
  };
}

function foundNote(
  model: ModelDetails,
  version: string,
  sources: readonly TrainingSource[],
  { evidence, generation }: TrainingFiles,
): TrainingNote {
  return {
    ...emptyNote(model, version),
    ...placesOf(model, sources),
    evidence: evidence.verdict(sources),
    doubts: evidence.doubts(sources),
    generation: generation.digest(),
    files: generation.files,
    bytes: generation.bytes,
  };
}

function unreadableNote(
  model: ModelDetails,
  version: string,
  sources: readonly TrainingSource[],
  sets: readonly OpenDataSet[],
  { message, context }: HoldfastError,
): TrainingNote {
  const places = placesOf(model, sources);
  const named = places.set ?? sets.find(({ container }) => container.url === context.path)?.set.name;
  return {
    ...emptyNote(model, version),
    ...places,
    ...(named === undefined ? {} : { set: named }),
    doubts: [`The data set could not be read: ${message}`],
  };
}

function emptyNote(model: ModelDetails, version: string): TrainingNote {
  const { buildMode } = model;
  return {
    format: 1,
    version,
    buildMode,
    prefix: "",
    evidence: "unknown",
    doubts: [],
    generation: NO_FILES,
    files: 0,
    bytes: 0,
  };
}

function placesOf(
  { kind }: ModelDetails,
  sources: readonly TrainingSource[],
): Partial<Pick<TrainingNote, "set" | "prefix" | "fileList" | "docTypes">> {
  const places = sources.map(({ docType = "", open, prefix, fileList }) => {
    const set = open === undefined ? {} : { set: open.set.name };
    return [docType, { ...set, prefix, ...(fileList === undefined ? {} : { fileList }) }] as const;
  });
  const [first] = places;
  if (first === undefined) return {};
  if (kind === "models") return first[1];
  const isOneSet = places.every(([, { set }]) => set === first[1].set) && first[1].set !== undefined;
  return { ...(isOneSet ? { set: first[1].set } : {}), docTypes: Object.fromEntries(places) };
}
