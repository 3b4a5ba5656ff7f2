/**
 * Audio is looked at while its bytes pass by: a probe asks for the few bytes it needs and skips the rest, so that a file of any size costs
 * the same memory.
 */

/** As the service lists them; codec names are those of ffmpeg. */
export interface AudioFacts {
  readonly codec: string;
  /** Hz. */
  readonly frequency: number;
  /** Seconds. */
  readonly duration: number;
}

/** What a probe wants next: bytes in its hand, or bytes passed over. */
export type Ask = { readonly take: number } | { readonly skip: number };

/** Gets what it asked for; at the end of the audio fewer bytes than that. Undefined: not readable as audio. */
export type Probe = Generator<Ask, AudioFacts | undefined, Buffer>;

/** Where the probe is. */
export interface Cursor {
  /** Bytes taken and skipped so far. */
  readonly position: number;
}

/** Nobody may ask for more than this at once, bytes: all formats' headers are smaller. */
const MAX_TAKE = 64 * 1024;

const NOTHING = Buffer.alloc(0);

export class Probing implements Cursor {
  readonly #probe: Probe;
  #ask: Ask | undefined;
  #taken = NOTHING;
  #facts: AudioFacts | undefined;
  position = 0;

  constructor(start: (cursor: Cursor) => Probe) {
    this.#probe = start(this);
    this.#advance(undefined);
  }

  push(bytes: Uint8Array): void {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (this.#ask !== undefined && rest.length > 0) {
      if ("skip" in this.#ask) {
        const skipped = Math.min(this.#ask.skip, rest.length);
        this.position += skipped;
        rest = rest.subarray(skipped);
        if (skipped === this.#ask.skip) this.#advance(NOTHING);
        else this.#ask = { skip: this.#ask.skip - skipped };
      } else {
        const part = rest.subarray(0, this.#ask.take - this.#taken.length);
        this.#taken = Buffer.concat([this.#taken, part]);
        this.position += part.length;
        rest = rest.subarray(part.length);
        if (this.#taken.length === this.#ask.take) this.#give();
      }
    }
  }

  end(): AudioFacts | undefined {
    while (this.#ask !== undefined) this.#give();
    return this.#facts;
  }

  #give(): void {
    const taken = this.#taken;
    this.#taken = NOTHING;
    this.#advance(taken);
  }

  /** Asking for nothing is answered at once. */
  #advance(bytes: Buffer | undefined): void {
    let given = bytes;
    for (;;) {
      const step = given === undefined ? this.#probe.next() : this.#probe.next(given);
      if (step.done === true) {
        this.#ask = undefined;
        this.#facts = step.value;
        return;
      }
      const amount = "take" in step.value ? step.value.take : step.value.skip;
      if ("take" in step.value && amount > MAX_TAKE) throw new RangeError(`asked for ${amount} bytes`);
      if (amount > 0) {
        this.#ask = step.value;
        return;
      }
      given = NOTHING;
    }
  }
}
