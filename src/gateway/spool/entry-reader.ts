/**
 * Entries of the spool, read back: their small parts, and their body as a stream.
 */
import { open } from "node:fs/promises";
import { HoldfastError } from "../../model/errors.ts";
import { BLOCK, readBlocks } from "./sealed-file.ts";

export interface EntryParts {
  readonly request: unknown;
  /** Undefined: the body never became whole. */
  readonly sent: { readonly length: number } | undefined;
  /** Undefined: the service's answer is not known. */
  readonly answer: unknown;
  /** The place among the accepted ones; undefined without an answer. */
  readonly sequence: number | undefined;
  /** Whole body blocks. */
  readonly bodyBytes: number;
}

/** Everything but the body. Undefined when not even the request can be read: damaged, or sealed with another key. */
export async function readParts(path: string, key: Buffer): Promise<EntryParts | undefined> {
  const file = await open(path, "r");
  try {
    let request: unknown;
    let sent: { readonly length: number } | undefined;
    let accepted: { readonly sequence: number; readonly answer: unknown } | undefined;
    let bodyBytes = 0;
    for await (const { kind, plain } of readBlocks(file, key)) {
      if (kind === BLOCK.body) bodyBytes += plain.length;
      else {
        const value: unknown = JSON.parse(plain.toString("utf8"));
        if (kind === BLOCK.request) request = value;
        else if (kind === BLOCK.sent) sent = value as { length: number };
        else if (kind === BLOCK.answer) accepted = value as NonNullable<typeof accepted>;
      }
    }
    if (sent !== undefined && sent.length !== bodyBytes) sent = undefined;
    if (request === undefined) return undefined;
    return { request, sent, answer: accepted?.answer, sequence: accepted?.sequence, bodyBytes };
  } finally {
    await file.close();
  }
}

/** The body as it was sent. Errors: `object-damaged` instead of an end when it is not whole. */
export async function* readBody(path: string, key: Buffer): AsyncGenerator<Buffer> {
  const file = await open(path, "r");
  try {
    let bytes = 0;
    let sent: { readonly length: number } | undefined;
    for await (const { kind, plain } of readBlocks(file, key)) {
      if (kind === BLOCK.sent) sent = JSON.parse(plain.toString("utf8")) as { length: number };
      if (kind !== BLOCK.body) continue;
      bytes += plain.length;
      yield plain;
    }
    if (sent?.length === bytes) return;
    throw new HoldfastError("object-damaged", `The spool's entry ${path} is truncated or altered.`, { path });
  } finally {
    await file.close();
  }
}
