/**
 * Captures: what is kept of an upload that the service never gives back. A capture is an item of the task that the upload belongs
 * to; its first part is a `CaptureNote` as JSON, its content (corpus, grammar, audio: exact payload bytes, multipart and gzip undone) a
 * blob named `content`, a callback's user secret a blob named `secret`.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { ItemKey } from "../../model/key.ts";
import type { BlobRef, Version } from "../../model/version.ts";

/**
 * `captured`: it passed through the gateway and the service accepted it. `uncertain`: it passed, and the connection broke before the
 * service answered. `verified`: registered from a file, and the service's own figures agree. `claimed`: registered, not proven.
 */
export type Evidence = "captured" | "uncertain" | "verified" | "claimed";

/** The collections (tasks) of the Watson kinds. */
export type WatsonCollection = "voice-models" | "language-models" | "acoustic-models" | "jobs";

export interface CaptureNote {
  /** The vendor SDK's name of the operation: `addCorpus`, `trainLanguageModel`, `createJob`. */
  readonly operation: string;
  /** When the service answered (or the file was registered), ISO 8601 UTC. */
  readonly at: string;
  readonly evidence: Evidence;
  readonly by: "gateway" | "command";
  /** Decoded query, without `user_secret`. */
  readonly query: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly containedContentType?: string;
  /** The customer id of `X-Watson-Metadata`. */
  readonly customer?: string;
  /** SHA-256 of the content, hex, and its bytes. */
  readonly sha256?: string;
  readonly length?: number;
  /** A small JSON request: a model's creation, one word. */
  readonly body?: unknown;
  /** The id that the service answered with. */
  readonly created?: string;
  /** What the service answered, where it matters: a training's warnings. */
  readonly answer?: unknown;
  /** How the content travelled, where it was unwrapped: a multipart body, gzip. */
  readonly wire?: { readonly contentType?: string; readonly contentEncoding?: string };
  /**
   * The service accepted it and the content could not be kept, and why. What is kept under this key from before is no longer what the
   * service holds.
   */
  readonly incomplete?: string;
}

/** A capture on its way into the repository. */
export interface PendingCapture {
  readonly collection: WatsonCollection;
  readonly key: ItemKey;
  /** `deleted`: what was captured under this key is gone from the service. */
  readonly kind: "live" | "deleted";
  readonly note: CaptureNote;
  /** May be opened again. */
  readonly content?: { readonly length: number; readonly open: () => AsyncIterable<Buffer> };
  readonly secret?: Buffer;
  /** With `deleted`: everything whose key begins with `key` is gone, a model's or all its resources. */
  readonly prefix?: true;
}

/** A kept capture, read back. */
export interface KeptCapture {
  readonly note: CaptureNote;
  readonly content: BlobRef | undefined;
  readonly secret: BlobRef | undefined;
}

/** Errors: `object-damaged` for a version that holds no capture note. */
export function readCapture(version: Version): KeptCapture {
  const [part] = version.parts;
  try {
    const note = JSON.parse((part as Buffer).toString("utf8")) as CaptureNote;
    const named = (name: string): BlobRef | undefined => version.blobs.find((blob) => blob.name === name);
    return { note, content: named("content"), secret: named("secret") };
  } catch (error) {
    throw new HoldfastError(
      "object-damaged",
      `The capture ${version.key.toString("utf8")} cannot be read: its note is not JSON.`,
      {},
      error,
    );
  }
}

/** What was uploaded, whole. */
export interface Original {
  readonly note: CaptureNote;
  readonly content: BlobRef;
}

/** The upload that a capture holds, or why there is none to be had: `missing` then says it, and is empty otherwise. */
export function originalOf(capture: KeptCapture | undefined): {
  readonly original: Original | undefined;
  readonly missing: string;
} {
  if (capture === undefined) return { original: undefined, missing: "no original of it was ever captured" };
  const { note, content } = capture;
  if (note.incomplete !== undefined) {
    return { original: undefined, missing: `its last upload could not be kept (${note.incomplete})` };
  }
  if (content === undefined) return { original: undefined, missing: "its capture holds no content" };
  return { original: { note, content }, missing: "" };
}
