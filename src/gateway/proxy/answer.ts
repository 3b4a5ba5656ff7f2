/**
 * An answer on its way back: streamed as it comes, or, where a capture hangs on it, held until that is durable. What is held is a short JSON;
 * of a longer answer nothing is known but that it was given.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { answerHeaders, pairs } from "./headers.ts";

/** Longest answer that is held and read, bytes: the services' answers to what is kept are ids and warnings. */
const HELD_BYTES = 64 * 1024;
/** Bytes that a compressed one may grow to. */
const UNPACKED_BYTES = 1024 * 1024;

export interface Held {
  /** What has come so far. */
  readonly pieces: readonly Buffer[];
  /** Nothing will follow. */
  readonly whole: boolean;
}

/** Reads the answer up to the bound. A broken connection leaves what came. */
export function hold(answer: IncomingMessage): Promise<Held> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const take = (piece: Buffer): void => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > HELD_BYTES) finish(false);
    };
    const ended = (): void => finish(true);
    const broken = (): void => finish(false);
    const finish = (whole: boolean): void => {
      answer.off("data", take);
      answer.off("end", ended);
      answer.off("error", broken);
      answer.off("close", broken);
      answer.pause();
      resolve({ pieces, whole });
    };
    answer.on("data", take);
    answer.on("end", ended);
    answer.on("error", broken);
    answer.on("close", broken);
  });
}

/** Passes the answer on, first what was held of it. An answer that breaks off breaks off for the client too. */
export function passOn(answer: IncomingMessage, response: ServerResponse, held?: Held): void {
  if (response.destroyed) {
    answer.destroy();
    return;
  }
  response.sendDate = false;
  try {
    response.writeHead(
      answer.statusCode as number,
      answer.statusMessage as string,
      answerHeaders(answer.rawHeaders),
    );
  } catch {
    // Headers that node's parser takes and its writer does not.
    response.destroy();
    answer.destroy();
    return;
  }
  for (const piece of held?.pieces ?? []) response.write(piece);
  const end = (): void => {
    const trailers = [...pairs(answer.rawTrailers)];
    if (trailers.length > 0) response.addTrailers(trailers);
    response.end();
  };
  if (held?.whole === true) {
    end();
    return;
  }
  const broken = (): void => {
    if (!answer.complete) response.destroy();
  };
  answer.on("error", broken);
  answer.on("close", broken);
  answer.on("end", end);
  answer.pipe(response, { end: false });
  if (answer.destroyed) broken();
}

/** The JSON of an answer that was held whole; undefined when it is none. */
export function answerJson(answer: IncomingMessage, { pieces, whole }: Held): unknown {
  if (!whole) return undefined;
  const bytes = Buffer.concat(pieces);
  try {
    const plain =
      answer.headers["content-encoding"] === "gzip"
        ? gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES })
        : bytes;
    return JSON.parse(plain.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
