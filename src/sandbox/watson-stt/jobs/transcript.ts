/**
 * What the stand-in answers instead of a transcript. It recognises nothing and says so; the audio's digest makes every answer
 * deterministic, tells the audio apart, and lets a test prove which bytes arrived.
 */

export interface HeardAudio {
  /** SHA-256, hex. */
  readonly sha256: string;
  readonly bytes: number;
}

export interface RecognitionResults {
  readonly result_index: number;
  readonly results: readonly {
    readonly final: true;
    readonly alternatives: readonly [{ readonly transcript: string; readonly confidence: number }];
  }[];
  readonly warnings?: readonly string[];
}

/** Nothing was recognised, so nothing is certain. */
const CONFIDENCE = 0;

/** The service ends transcripts with a space. */
export function transcriptOf(audio: HeardAudio, customModels: readonly string[]): string {
  const models = customModels.length === 0 ? "" : ` custom models ${customModels.join(" ")}`;
  return `nothing was recognised by this stand-in audio sha256 ${audio.sha256} bytes ${audio.bytes}${models} `;
}

/** `customModels`: the ids of the custom models that were asked for, so that a test sees which ones were used. */
export function resultsOf(
  audio: HeardAudio,
  customModels: readonly string[],
  warnings: readonly string[] = [],
): RecognitionResults {
  return {
    result_index: 0,
    results: [
      {
        final: true,
        alternatives: [{ transcript: transcriptOf(audio, customModels), confidence: CONFIDENCE }],
      },
    ],
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}
