/**
 * Answers that are read into memory whole: small ones, and those whose size the request has bounded.
 */
import { UnreadableAnswer } from "./answer-failure.ts";
import type { HttpAnswer } from "./http-client.ts";

/** The body as one buffer. */
export async function readBytes(answer: HttpAnswer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of answer.body) pieces.push(piece);
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}

/** The body as a JSON value. Never for document bodies: parsing changes them. */
export async function readJson(answer: HttpAnswer): Promise<unknown> {
  return parseJson(await readBytes(answer));
}

/** Parses a whole JSON text of the service's own making (never a document). */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    const start = bytes.subarray(0, 64).toString("utf8").trimStart();
    throw new UnreadableAnswer(
      start.startsWith("<")
        ? "the answer is a web page, not JSON: the address may name a proxy or login page"
        : "the answer is not JSON or ended early",
      !start.startsWith("<") && start !== "",
    );
  }
}
