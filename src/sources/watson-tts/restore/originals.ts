/**
 * Recordings that were captured when they were uploaded, as bodies to be uploaded again; and what it means when the target takes none.
 *
 * IBM Cloud has let nobody make prompts and speakers since March 2026; Cloud Pak for Data may. So each is tried, and what is refused is
 * reported as archival: its recording stays kept.
 */
import { randomHex } from "../../../model/clock.ts";
import { keyText, type ItemKey } from "../../../model/key.ts";
import type { BlobRef } from "../../../model/version.ts";
import { readCapture } from "../../watson/captures.ts";
import type { StreamedBody } from "../../watson/client.ts";
import type { TtsRestore } from "./run.ts";

/** The kept recording under a capture's key, or why there is none. */
export async function originalOf(
  { request: { reader } }: TtsRestore,
  key: ItemKey,
): Promise<BlobRef | { readonly missing: string }> {
  const [version] = await reader.find([key]);
  if (version?.kind !== "live") {
    return {
      missing: "not recoverable: its recording was never captured, and the service does not give it back",
    };
  }
  const { note, content } = readCapture(version);
  if (note.incomplete !== undefined) {
    return {
      missing: `not recoverable: its recording could not be kept when it was uploaded (${note.incomplete})`,
    };
  }
  return content ?? { missing: "not recoverable: what was captured of it holds no recording" };
}

export function isOriginal(original: BlobRef | { readonly missing: string }): original is BlobRef {
  return "blob" in original;
}

export function bodyOf({ request: { reader } }: TtsRestore, blob: BlobRef): StreamedBody {
  return { length: blob.length, open: () => reader.blob(blob) };
}

const BOUNDARY_BYTES = 16;

/** A prompt's upload: its text, and its recording as it was kept. */
export function promptBody(
  run: TtsRestore,
  metadata: { readonly prompt_text: string; readonly speaker_id?: string },
  blob: BlobRef,
): { readonly body: StreamedBody; readonly contentType: string } {
  const boundary = `holdfast-${randomHex(BOUNDARY_BYTES)}`;
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="metadata"\r\nContent-Type: application/json\r\n\r\n` +
      `${JSON.stringify(metadata)}\r\n--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="prompt.wav"\r\n` +
      `Content-Type: audio/wav\r\n\r\n`,
    "utf8",
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`, "utf8");
  const { length, open } = bodyOf(run, blob);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: {
      length: head.length + length + tail.length,
      async *open() {
        yield head;
        yield* open();
        yield tail;
      },
    },
  };
}

/** Remembers what the target refuses, so that a thousand recordings are not sent to learn the same a thousand times. */
export class Archival {
  #last: string | undefined;
  #times = 0;

  /** The reason, once the target has given the same one for several recordings in a row. */
  get settled(): string | undefined {
    return this.#times >= SAME_REFUSALS ? this.#last : undefined;
  }

  refused(reason: string): void {
    this.#times = reason === this.#last ? this.#times + 1 : 1;
    this.#last = reason;
  }

  static reason(words: string, capture: ItemKey): string {
    return `archival: the target does not take it (${words}); its recording stays kept as ${keyText(capture)}`;
  }
}

/** Refusals in the same words after which the words are taken to be about the feature. */
const SAME_REFUSALS = 2;
