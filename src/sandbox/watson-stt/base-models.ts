/**
 * The base models of the service: which there are, to which family they belong, and what each family lets a customer build on it.
 */

/** Previous generation, next generation, large speech model. */
export type Family = "pg" | "ng" | "lsm";

export interface BaseModel {
  readonly name: string;
  readonly family: Family;
  /** Locale, such as `en-US`. */
  readonly language: string;
  /** Least sampling rate of its audio, Hz. */
  readonly rate: number;
  readonly languageModels: boolean;
  readonly grammars: boolean;
  readonly acousticModels: boolean;
  /** Custom models get a newer version by training, not by an upgrade. */
  readonly improved: boolean;
  /** Of a new custom model: the part behind the name. */
  readonly version: string;
}

/** What `GET /v1/models` says of one. */
export interface SpeechModel {
  readonly name: string;
  readonly language: string;
  readonly rate: number;
  readonly url: string;
  readonly supported_features: {
    readonly custom_language_model: boolean;
    readonly custom_acoustic_model: boolean;
    readonly speaker_labels: boolean;
    readonly low_latency?: boolean;
  };
  readonly description: string;
}

/** Hz. */
const BROADBAND_RATE = 16_000;
const NARROWBAND_RATE = 8_000;

const PG_LOCALES =
  "ar-MS de-DE en-AU en-GB en-US es-AR es-CL es-CO es-ES es-MX es-PE fr-CA fr-FR it-IT ja-JP ko-KR nl-NL pt-BR zh-CN";
const PG_WITHOUT_CUSTOMISATION = new Set(["ar-MS", "zh-CN"]);
const NG_TELEPHONY =
  "ar-MS cs-CZ de-DE en-AU en-GB en-IN en-US es-ES es-LA fr-CA fr-FR hi-IN it-IT ja-JP ko-KR nl-BE nl-NL pt-BR sv-SE zh-CN";
const NG_MULTIMEDIA = "de-DE en-AU en-GB en-US es-ES fr-CA fr-FR it-IT ja-JP ko-KR nl-NL pt-BR";
const LARGE =
  "en-AU en-IN en-GB en-US fr-CA fr-FR ja-JP pt-BR es-ES es-AR es-CL es-CO es-MX es-PE pt-PT de-DE nl-NL it-IT";
const LARGE_WITHOUT_CUSTOMISATION = new Set(["nl-NL", "it-IT"]);

/** Only these families' versions are dated; the dates are illustrations of the service's format. */
const VERSIONS = { pg: "v2020-01-16", ng: "v2023-02-27", lsm: "v2024-05-23" } as const;

function previous(language: string, band: string, rate: number): BaseModel {
  const languageModels = !PG_WITHOUT_CUSTOMISATION.has(language);
  return {
    name: `${language}_${band}`,
    family: "pg",
    language,
    rate,
    languageModels,
    grammars: languageModels,
    acousticModels: true,
    improved: false,
    version: VERSIONS.pg,
  };
}

function next(name: string, language: string, rate: number): BaseModel {
  return {
    name,
    family: "ng",
    language,
    rate,
    languageModels: true,
    grammars: true,
    acousticModels: false,
    improved: language.startsWith("en-") || language.startsWith("ja-"),
    version: VERSIONS.ng,
  };
}

function large(language: string): BaseModel {
  return {
    name: language,
    family: "lsm",
    language,
    rate: NARROWBAND_RATE,
    languageModels: !LARGE_WITHOUT_CUSTOMISATION.has(language),
    grammars: false,
    acousticModels: false,
    improved: false,
    version: VERSIONS.lsm,
  };
}

const ALL: readonly BaseModel[] = [
  ...PG_LOCALES.split(" ").flatMap((language) => [
    previous(language, "BroadbandModel", BROADBAND_RATE),
    ...(language === "ar-MS" ? [] : [previous(language, "NarrowbandModel", NARROWBAND_RATE)]),
  ]),
  previous("en-US", "ShortForm_NarrowbandModel", NARROWBAND_RATE),
  ...NG_TELEPHONY.split(" ").map((language) => next(`${language}_Telephony`, language, NARROWBAND_RATE)),
  ...NG_MULTIMEDIA.split(" ").map((language) => next(`${language}_Multimedia`, language, BROADBAND_RATE)),
  next("en-WW_Medical_Telephony", "en-WW", NARROWBAND_RATE),
  ...LARGE.split(" ").map(large),
];

const BY_NAME = new Map(ALL.map((model) => [model.name, model]));

/** Every model that exists, whether it is offered or not. */
export function knownBaseModel(name: string): BaseModel | undefined {
  return BY_NAME.get(name);
}

/** Those that are offered: the previous generation only where it lives on. */
export function offeredBaseModels(pgModels: "off" | "on"): BaseModel[] {
  return ALL.filter(({ family }) => family !== "pg" || pgModels === "on");
}

export function offeredBaseModel(name: string, pgModels: "off" | "on"): BaseModel | undefined {
  const model = BY_NAME.get(name);
  return model === undefined || (model.family === "pg" && pgModels === "off") ? undefined : model;
}

/** `instanceUrl`: what stands in front of `/v1`. */
export function speechModel(model: BaseModel, instanceUrl: string): SpeechModel {
  const { name, family, language, rate } = model;
  return {
    name,
    language,
    rate,
    url: `${instanceUrl}/v1/models/${name}`,
    supported_features: {
      custom_language_model: model.languageModels,
      custom_acoustic_model: model.acousticModels,
      speaker_labels: true,
      ...(family === "ng" || name === "en-US" ? { low_latency: true } : {}),
    },
    description: `${DESCRIPTIONS[family]} (stand-in) for ${language}.`,
  };
}

const DESCRIPTIONS = {
  pg: "Previous-generation model",
  ng: "Next-generation model",
  lsm: "Large speech model",
} as const;

/** Spanish of the previous generation has dialects that are not its locales. */
const SPANISH_DIALECTS: Readonly<Record<string, string>> = {
  "es-ES": "es-ES",
  "es-AR": "es-LA",
  "es-CL": "es-LA",
  "es-CO": "es-LA",
  "es-PE": "es-LA",
  "es-MX": "es-US",
};

/** The only dialect that a custom model on this base may have. */
export function dialectOf(model: BaseModel): string {
  return (model.family === "pg" ? SPANISH_DIALECTS[model.language] : undefined) ?? model.language;
}
