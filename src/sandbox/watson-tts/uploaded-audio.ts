/**
 * Taking in the audio of a prompt or a speaker: streamed into the uploads, its header looked at on the way.
 */
import type { NewUpload, Upload, Uploads } from "../watson/uploads.ts";
import { WAV_HEAD_BYTES, readWavFacts } from "./wav.ts";

/** Least sampling rate of prompts and speakers, Hz. */
const MIN_RATE_HZ = 16_000;

export interface TakenAudio {
  readonly upload: Upload;
  /** Why the service cannot use it; undefined: it can. */
  readonly fault: string | undefined;
}

export async function takeAudio(
  uploads: Uploads,
  description: NewUpload,
  chunks: AsyncIterable<Buffer>,
  maxSeconds: number,
): Promise<TakenAudio> {
  const head: Buffer[] = [];
  let headBytes = 0;
  async function* watched(): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      if (headBytes < WAV_HEAD_BYTES) {
        head.push(chunk);
        headBytes += chunk.length;
      }
      yield chunk;
    }
  }
  const upload = await uploads.put(description, watched());
  return { upload, fault: faultOf(Buffer.concat(head), upload.bytes, maxSeconds) };
}

function faultOf(head: Buffer, bytes: number, maxSeconds: number): string | undefined {
  const wav = readWavFacts(head, bytes);
  if (wav === undefined) return "The audio is not in WAV format";
  if (wav.samplingRateHz < MIN_RATE_HZ) return `The audio is sampled at less than ${MIN_RATE_HZ} Hz`;
  if (wav.seconds > maxSeconds) return `The audio is longer than ${maxSeconds} seconds`;
  return wav.seconds > 0 ? undefined : "The audio is empty";
}
