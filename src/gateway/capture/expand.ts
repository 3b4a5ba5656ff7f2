/**
 * From an accepted entry of the spool to the captures that the repository keeps.
 */
import { createHash } from "node:crypto";
import type { ItemKey } from "../../model/key.ts";
import type { CaptureNote, Evidence, PendingCapture } from "../../sources/watson/captures.ts";
import { captureKey } from "../../sources/watson/keys.ts";
import { errorText } from "../../model/errors.ts";
import { operationNamed } from "./classify.ts";
import type { Operation } from "./operations.ts";
import { isWrapped, payload, type Wrapping } from "./payload.ts";
import type { AnswerFacts, RequestFacts } from "./request-facts.ts";

/** A JSON body up to here (bytes) becomes part of the note; a longer one is kept as content. */
const NOTE_BODY_BYTES = 256 * 1024;
/** A list of words up to here (bytes; some 10,000 words) becomes one capture for each word; a longer one is kept whole. */
const WORD_LIST_BYTES = 1024 * 1024;

export interface Expanded {
  readonly captures: readonly PendingCapture[];
  /** What could not be unwrapped and is kept as it was sent, and why. */
  readonly problem?: string;
}

/** `body`: as sent; may be called again. */
export async function expand(
  facts: RequestFacts,
  answer: AnswerFacts,
  body: () => AsyncIterable<Buffer>,
): Promise<Expanded> {
  const operation = operationNamed(facts.kind, facts.operation);
  if (operation === undefined)
    return { captures: [], problem: `the operation ${facts.operation} is unknown` };
  const uncertain = answer.status === undefined;
  const names = { ...facts.names, created: createdId(answer) ?? `unknown-${answer.at}` };
  const key = (parts: readonly [string, string], more: Record<string, string> = {}): ItemKey =>
    captureKey(
      filled(parts[0], facts, { ...names, ...more }),
      filled(parts[1], facts, { ...names, ...more }),
    );
  const note = noteOf(facts, answer, operation);
  const everywhere = (capture: Omit<PendingCapture, "collection">): PendingCapture[] =>
    operation.collections.map((collection) => ({ collection, ...capture }));

  const captures: PendingCapture[] = [];
  // A deletion that may not have happened would take away what may still be needed.
  for (const gone of uncertain ? [] : (operation.gone ?? [])) {
    const prefix = gone[1] === "" || gone[1].endsWith("/");
    captures.push(
      ...everywhere({ key: key(gone), kind: "deleted", note, ...(prefix ? { prefix: true } : {}) }),
    );
  }
  if (operation.gone?.some((gone) => gone[0] === operation.key[0] && gone[1] === operation.key[1]) === true) {
    return { captures };
  }
  const live = (more: Partial<PendingCapture> = {}, at = key(operation.key)): PendingCapture[] =>
    everywhere({
      key: at,
      kind: "live",
      note,
      ...(facts.secret === undefined ? {} : { secret: Buffer.from(facts.secret, "utf8") }),
      ...more,
    });
  if (operation.body === "none" || answer.incomplete !== undefined) {
    captures.push(...live({}, operation.body === "words" ? wordListKey(facts, answer) : key(operation.key)));
    return { captures };
  }
  if (operation.body === "json" || operation.body === "words") {
    const json = await smallJson(facts, operation, body);
    if (json !== undefined && operation.body === "json") {
      return { captures: [...captures, ...live({ note: { ...note, body: json } })] };
    }
    const words = wordsOf(json);
    if (words !== undefined && operation.body === "words") {
      for (const [word, definition] of words) {
        captures.push(...live({ note: { ...note, body: definition } }, key(operation.key, { word })));
      }
      return { captures };
    }
  }
  const at = operation.body === "words" ? wordListKey(facts, answer) : key(operation.key);
  const { more, problem } = await contentOf(facts, operation, note, body);
  captures.push(...live(more, at));
  return { captures, ...(problem === undefined ? {} : { problem }) };
}

/** Key under which an entry's live capture is kept, as far as the request alone tells. */
export function shownKey(operation: Operation, facts: RequestFacts): string {
  return `captures/${operation.key.map((part) => filled(part, facts, facts.names)).join("/")}`;
}

/** Measures the content by reading it once; what cannot be unwrapped is kept as it was sent. */
async function contentOf(
  facts: RequestFacts,
  operation: Operation,
  note: CaptureNote,
  body: () => AsyncIterable<Buffer>,
): Promise<{ more: Partial<PendingCapture>; problem?: string }> {
  const wrapped = isWrapped(facts, operation.body);
  const wire = wireOf(facts);
  try {
    const wrapping: Wrapping = {};
    const figures = await measured(payload(body(), facts, operation.body, wrapping));
    const metadata = parsed(wrapping.metadata);
    return {
      more: {
        note: {
          ...note,
          ...(wrapping.contentType === undefined ? {} : { contentType: wrapping.contentType }),
          ...(metadata === undefined ? {} : { body: metadata }),
          ...(wrapped ? { wire } : {}),
          ...figures,
        },
        content: { length: figures.length, open: () => payload(body(), facts, operation.body) },
      },
    };
  } catch (error) {
    if (!wrapped) throw error;
    const figures = await measured(body());
    return {
      more: { note: { ...note, wire, ...figures }, content: { length: figures.length, open: body } },
      problem: errorText(error),
    };
  }
}

async function measured(content: AsyncIterable<Buffer>): Promise<{ sha256: string; length: number }> {
  const hash = createHash("sha256");
  let length = 0;
  for await (const piece of content) {
    hash.update(piece);
    length += piece.length;
  }
  return { sha256: hash.digest("hex"), length };
}

/** Undefined when it is too long, or no JSON. */
async function smallJson(
  facts: RequestFacts,
  operation: Operation,
  body: () => AsyncIterable<Buffer>,
): Promise<unknown> {
  const most = operation.body === "words" ? WORD_LIST_BYTES : NOTE_BODY_BYTES;
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of payload(body(), facts, operation.body)) {
      bytes += piece.length;
      if (bytes > most) return undefined;
      pieces.push(piece);
    }
  } catch {
    return undefined;
  }
  return parsed(Buffer.concat(pieces).toString("utf8"));
}

/** Each word with its definition as it was sent; of a repeated word the last. Undefined when this is no list of words. */
function wordsOf(json: unknown): Map<string, unknown> | undefined {
  const list = (json as { words?: unknown } | null | undefined)?.words;
  if (!Array.isArray(list)) return undefined;
  const words = new Map<string, unknown>();
  for (const entry of list as unknown[]) {
    const word = (entry as { word?: unknown } | null)?.word;
    if (typeof word !== "string" || word === "") return undefined;
    words.set(word, entry);
  }
  return words;
}

/** A list that is kept whole has a key of its own: a later list does not replace it. */
function wordListKey(facts: RequestFacts, answer: AnswerFacts): ItemKey {
  return captureKey(facts.names["id"] ?? "", `word-lists/${answer.at}`);
}

function noteOf(facts: RequestFacts, answer: AnswerFacts, operation: Operation): CaptureNote {
  const created = createdId(answer);
  return {
    operation: operation.name,
    at: answer.at,
    evidence: evidenceOf(answer, operation),
    by: "gateway",
    query: facts.query,
    ...(facts.contentType === undefined || operation.body === "none"
      ? {}
      : { contentType: facts.contentType }),
    ...(facts.containedContentType === undefined ? {} : { containedContentType: facts.containedContentType }),
    ...(facts.customer === undefined ? {} : { customer: facts.customer }),
    ...(created === undefined ? {} : { created }),
    ...(operation.answer === true && answer.answer !== undefined ? { answer: answer.answer } : {}),
    ...(answer.incomplete === undefined ? {} : { incomplete: answer.incomplete }),
  };
}

function evidenceOf({ status }: AnswerFacts, { name }: Operation): Evidence {
  // 200 instead of 201: the URL was registered before, and nothing tells whether with this secret.
  if (name === "registerCallback" && status === 200) return "uncertain";
  return status === undefined ? "uncertain" : "captured";
}

function createdId({ answer }: AnswerFacts): string | undefined {
  const { customization_id, speaker_id, id } = (answer ?? {}) as Record<string, unknown>;
  const created = customization_id ?? speaker_id ?? id;
  return typeof created === "string" && /^[^/]+$/.test(created) ? created : undefined;
}

function wireOf({ contentType, contentEncoding }: RequestFacts): NonNullable<CaptureNote["wire"]> {
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
  };
}

/** `{name}` from the path or the answer, `{?name}` from the query. */
function filled(template: string, facts: RequestFacts, names: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\??)([a-z_]+)\}/g, (_, query: string, name: string) =>
    query === "" ? (names[name] ?? "") : (facts.query[name] ?? ""),
  );
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
