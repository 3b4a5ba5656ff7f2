/**
 * Answers read into memory whole, but never more than such an answer can reasonably be.
 */
import { UnreadableAnswer } from "../../http/answer-failure.ts";
import type { HttpAnswer } from "../../http/http-client.ts";
import { parseJson } from "../../http/whole-answer.ts";

/**
 * Longest answer that is believed (bytes). The largest real ones are details of models composed of 200 components: a few
 * MB; pages of lists stay far below.
 */
const ANSWER_BYTES = 32 * 1024 * 1024;

export async function boundedBytes(answer: HttpAnswer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer.body) {
    size += piece.length;
    if (size > ANSWER_BYTES) {
      throw new UnreadableAnswer(`the answer is longer than ${ANSWER_BYTES} bytes`, false);
    }
    pieces.push(piece);
  }
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}

/** What can be looked up by name in an answer. */
export type Members = Readonly<Record<string, unknown>>;

/** The answer's bytes and what they say. Errors: `UnreadableAnswer` for anything but a JSON object. */
export async function boundedObject(
  answer: HttpAnswer,
): Promise<{ readonly raw: Buffer; readonly body: Members }> {
  const raw = await boundedBytes(answer);
  return { raw, body: objectIn(parseJson(raw)) };
}

export function objectIn(value: unknown): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UnreadableAnswer("the answer is not the JSON object that was expected", false);
  }
  return value as Members;
}

export function arrayIn(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new UnreadableAnswer("the answer lacks the list that was expected", false);
  return value as readonly unknown[];
}

/** Undefined for anything but an object. */
export function membersOf(value: unknown): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Members)
    : undefined;
}

/** A text that must be there. */
export function textIn(body: Members, name: string): string {
  const value = body[name];
  if (typeof value !== "string" || value === "") {
    throw new UnreadableAnswer(`the answer lacks "${name}"`, false);
  }
  return value;
}

/** Undefined where it is absent, empty or no text. */
export function optionalText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A number that must be there. */
export function numberIn(body: Members, name: string): number {
  const value = body[name];
  if (typeof value !== "number") throw new UnreadableAnswer(`the answer lacks "${name}"`, false);
  return value;
}
