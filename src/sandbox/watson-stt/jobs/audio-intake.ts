/**
 * Audio on its way in: watched for its first bytes and its size while it passes, and never held whole.
 */
import { badRequest, tooLarge } from "../../watson/errors.ts";
import type { Exchange } from "../../watson/exchange.ts";
import { SNIFFED_BYTES, requireKnownFormat, tellsFormat } from "./audio-format.ts";

/** Least audio of a recognition, bytes. */
const MIN_AUDIO_BYTES = 100;

export class AudioIntake {
  readonly contentType: string | undefined;
  readonly #exchange: Exchange;
  readonly #maxBytes: number;
  readonly #isTold: boolean;
  #head = Buffer.alloc(0);
  #bytes = 0;

  /** Throws 415 for a type that is no audio, 400 for one that says too little, 413 for a length that is announced too great. */
  constructor(exchange: Exchange, maxBytes: number) {
    this.contentType = exchange.header("content-type");
    this.#exchange = exchange;
    this.#maxBytes = maxBytes;
    this.#isTold = tellsFormat(this.contentType);
    if (Number(exchange.header("content-length") ?? 0) > maxBytes) throw tooLarge();
  }

  /** The audio as it arrives. Throws 413 as soon as there is too much of it. */
  async *chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of this.#exchange.bodyChunks(this.#maxBytes)) {
      this.#bytes += chunk.length;
      if (this.#head.length < SNIFFED_BYTES) {
        this.#head = Buffer.concat([this.#head, chunk.subarray(0, SNIFFED_BYTES - this.#head.length)]);
      }
      yield chunk;
    }
  }

  /** After everything has arrived: its size. Throws 400 for too little audio, and for audio that nothing tells the format of. */
  end(): number {
    if (this.#bytes < MIN_AUDIO_BYTES) {
      throw badRequest(`Stream was ${this.#bytes} bytes but needs to be at least ${MIN_AUDIO_BYTES} bytes.`);
    }
    if (!this.#isTold) requireKnownFormat(this.#head);
    return this.#bytes;
  }
}
