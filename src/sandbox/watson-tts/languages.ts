/**
 * The languages that a voice model may have, and the voices that speak them.
 */

export const LANGUAGES: ReadonlySet<string> = new Set([
  "de-DE",
  "en-AU",
  "en-CA",
  "en-GB",
  "en-US",
  "es-ES",
  "es-LA",
  "es-US",
  "fr-CA",
  "fr-FR",
  "it-IT",
  "ja-JP",
  "ko-KR",
  "nl-NL",
  "pt-BR",
]);

/** Withdrawn on 2023-03-31; instances older than a year by then could use them to the end. */
export const LEGACY_LANGUAGES: ReadonlySet<string> = new Set(["ar-MS", "cs-CZ", "nl-BE", "sv-SE", "zh-CN"]);

/** Of a model whose creator names none. */
export const DEFAULT_LANGUAGE = "en-US";
export const JAPANESE = "ja-JP";
/** The only language of prompts. */
export const PROMPT_LANGUAGE = "en-US";

/** The service's default since 2026-03-26. */
export const DEFAULT_VOICE = "en-US_MichaelV3Voice";

export interface Voice {
  readonly name: string;
  readonly language: string;
  readonly gender: "female" | "male";
}

const VOICES: readonly Voice[] = [
  { name: "de-DE_BirgitV3Voice", language: "de-DE", gender: "female" },
  { name: "en-AU_HeidiExpressive", language: "en-AU", gender: "female" },
  { name: "en-CA_HannahNatural", language: "en-CA", gender: "female" },
  { name: "en-GB_KateV3Voice", language: "en-GB", gender: "female" },
  { name: "en-US_AllisonV3Voice", language: "en-US", gender: "female" },
  { name: DEFAULT_VOICE, language: "en-US", gender: "male" },
  { name: "es-ES_EnriqueV3Voice", language: "es-ES", gender: "male" },
  { name: "es-LA_SofiaV3Voice", language: "es-LA", gender: "female" },
  { name: "es-US_SofiaV3Voice", language: "es-US", gender: "female" },
  { name: "fr-CA_LouiseV3Voice", language: "fr-CA", gender: "female" },
  { name: "fr-FR_NicolasV3Voice", language: "fr-FR", gender: "male" },
  { name: "it-IT_FrancescaV3Voice", language: "it-IT", gender: "female" },
  { name: "ja-JP_EmiV3Voice", language: "ja-JP", gender: "female" },
  { name: "ko-KR_JinV3Voice", language: "ko-KR", gender: "female" },
  { name: "nl-NL_MerelV3Voice", language: "nl-NL", gender: "female" },
  { name: "pt-BR_IsabelaV3Voice", language: "pt-BR", gender: "female" },
];

export function voices(): readonly Voice[] {
  return VOICES;
}

/** First-generation names lead to their successors. */
export function findVoice(name: string): Voice | undefined {
  const successor = name.replace(/(?<!V\d)Voice$/, "V3Voice");
  return VOICES.find((voice) => voice.name === name || voice.name === successor);
}
