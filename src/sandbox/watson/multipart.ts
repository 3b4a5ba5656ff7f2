/**
 * `multipart/form-data` requests: every part is handed over as a stream, one after the other, none of them held in memory.
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { BusboyInstance } from "@fastify/busboy";
import { Busboy } from "@fastify/busboy";

import { WatsonError, badRequest, tooLarge, unsupportedMediaType } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { ClientGone } from "../http/exchange.ts";

export interface Part {
  readonly name: string;
  readonly filename: string | undefined;
  readonly contentType: string;
  /** To be read to its end or not at all. */
  readonly chunks: AsyncIterable<Buffer>;
}

/**
 * Hands over every part in order and resolves when all of them are dealt with. Rejects with what `take` threw, 415 for another content
 * type, 400 for a body that is cut short or malformed.
 */
export async function readMultipart(exchange: Exchange, take: (part: Part) => Promise<void>): Promise<void> {
  const type = exchange.header("content-type") ?? "";
  if (exchange.mediaType !== "multipart/form-data") throw unsupportedMediaType(type);
  const failures: unknown[] = [];
  let busboy: BusboyInstance;
  try {
    // Every part as a stream: whether it has a file name says nothing about its size.
    busboy = new Busboy({ headers: { "content-type": type }, isPartAFile: () => true });
  } catch {
    throw badRequest("Malformed multipart body");
  }
  const parts: Promise<void>[] = [];
  const streams: Readable[] = [];
  busboy.on("file", (name, stream, filename, _encoding, contentType) => {
    streams.push(stream);
    const part: Part = {
      name,
      filename: filename === "" ? undefined : filename,
      contentType,
      chunks: stream,
    };
    parts.push(
      take(part).catch((error: unknown) => {
        failures.push(error);
        // What nobody wants has to be read past, or the parser would wait for ever.
        stream.resume();
      }),
    );
  });
  try {
    await pipeline(Readable.from(exchange.bodyChunks(), { objectMode: false }), busboy);
  } catch (error) {
    // Whoever reads the part that was cut short would wait for its rest for ever.
    for (const stream of streams) stream.destroy(new ClientGone());
    await Promise.all(parts);
    if (error instanceof WatsonError || error instanceof ClientGone) throw error;
    throw badRequest("Malformed multipart body");
  }
  await Promise.all(parts);
  if (failures.length > 0) throw failures[0];
}

/** A small part as a whole. Throws 413 beyond `maxBytes`. */
export async function partBytes(part: Part, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of part.chunks) {
    total += chunk.length;
    if (total > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
