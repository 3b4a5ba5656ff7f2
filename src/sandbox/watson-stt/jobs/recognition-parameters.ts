/**
 * What a recognition may be asked: which parameters there are, which models may be named together, and the answers to those that may
 * not. Everything else passes through, because nothing is recognised here.
 */
import { badRequest, malformedGuid, notFound, unauthorized } from "../../watson/errors.ts";
import { isGuid } from "../../http/guid.ts";

/** What is known of a custom model that a recognition names. */
export interface CustomModel {
  readonly baseModel: string;
  /** Whether it has been trained at least once: a recognition uses the last training, whatever the model does now. */
  readonly trained: boolean;
}

export interface BaseModel {
  readonly features: {
    readonly custom_language_model: boolean;
    readonly custom_acoustic_model: boolean;
    readonly speaker_labels: boolean;
    readonly low_latency?: boolean;
  };
}

/** The models of one instance. */
export interface ModelDirectory {
  base(name: string): BaseModel | undefined;
  language(id: string): CustomModel | undefined;
  acoustic(id: string): CustomModel | undefined;
}

export type Parameters = ReadonlyMap<string, string>;

const RECOGNITION_PARAMETERS = [
  "model",
  "language_customization_id",
  "acoustic_customization_id",
  "customization_id",
  "base_model_version",
  "customization_weight",
  "grammar_name",
  "inactivity_timeout",
  "keywords",
  "keywords_threshold",
  "max_alternatives",
  "word_alternatives_threshold",
  "word_confidence",
  "timestamps",
  "profanity_filter",
  "smart_formatting",
  "smart_formatting_version",
  "speaker_labels",
  "redaction",
  "processing_metrics",
  "processing_metrics_interval",
  "audio_metrics",
  "end_of_phrase_silence_time",
  "split_transcript_at_phrase_end",
  "speech_detector_sensitivity",
  "sad_module",
  "background_audio_suppression",
  "low_latency",
  "character_insertion_bias",
  "speech_begin_event",
  "enrichments",
  "parameter_set",
];

const JOB_PARAMETERS = ["callback_url", "events", "user_token", "results_ttl"];

/** Those of a job that mean nothing without a callback. */
const CALLBACK_PARAMETERS = ["events", "user_token"];

/** What the request says beside the point; it succeeds all the same. */
export function warningsOf(parameters: Parameters, kind: "job" | "recognition"): string[] {
  const known = new Set(
    kind === "job" ? [...RECOGNITION_PARAMETERS, ...JOB_PARAMETERS] : RECOGNITION_PARAMETERS,
  );
  const unknown = [...parameters.keys()].filter((name) => !known.has(name));
  const warnings = unknown.length === 0 ? [] : [`Unknown url query arguments: ${unknown.join(", ")}.`];
  if (kind === "job" && !parameters.has("callback_url")) {
    for (const name of CALLBACK_PARAMETERS.filter((parameter) => parameters.has(parameter))) {
      warnings.push(`unexpected query parameter '${name}', query parameter 'callback_url' was not specified`);
    }
  }
  return warnings;
}

/**
 * The ids of the custom models that the request names, once they may be used together. Throws 404 for an unknown base model, 401 for a
 * custom model that is not this instance's, 400 for all else.
 */
export function checkedModels(parameters: Parameters, models: ModelDirectory): string[] {
  const named = parameters.get("model");
  const languageId = parameters.get("language_customization_id") ?? parameters.get("customization_id");
  const acousticId = parameters.get("acoustic_customization_id");
  if (named !== undefined) requireBase(named, models);
  const language = custom(languageId, "language", models);
  const acoustic = custom(acousticId, "acoustic", models);
  // Without a model of its own a request takes the one that its custom model is built on.
  const base = named ?? language?.baseModel ?? acoustic?.baseModel;
  for (const model of [language, acoustic]) {
    if (model !== undefined && model.baseModel !== base) {
      throw badRequest(`The custom model is based on '${model.baseModel}' and cannot be used with '${base}'`);
    }
  }
  if (base !== undefined) checkFeatures(base, parameters, models);
  return [languageId, acousticId].filter((id) => id !== undefined);
}

function custom(
  id: string | undefined,
  kind: "language" | "acoustic",
  models: ModelDirectory,
): CustomModel | undefined {
  if (id === undefined) return undefined;
  if (!isGuid(id)) throw malformedGuid(id);
  const model = models[kind](id);
  if (model === undefined) throw unauthorized(`Invalid customization_id '${id}' for user`);
  if (!model.trained) {
    throw badRequest(
      `Requested custom ${kind} model is not available. Please make sure the custom model is trained.`,
    );
  }
  return model;
}

function requireBase(name: string, models: ModelDirectory): BaseModel {
  const base = models.base(name);
  if (base === undefined) throw notFound(`Model '${name}' not found`);
  return base;
}

function checkFeatures(name: string, parameters: Parameters, models: ModelDirectory): void {
  const { features } = requireBase(name, models);
  for (const feature of ["speaker_labels", "low_latency"] as const) {
    if (parameters.get(feature) === "true" && features[feature] !== true) {
      throw badRequest(`${feature} is not a supported feature for model ${name}`);
    }
  }
}

/** Throws 400 when the parameter is there and is no whole number from `least` on. */
export function wholeNumber(parameters: Parameters, name: string, least: number): number | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw badRequest(`unexpected value '${text}' for query parameter '${name}'`);
  }
  return value;
}
