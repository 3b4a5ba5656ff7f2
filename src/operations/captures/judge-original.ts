/**
 * Whether a file can be the original of a listed resource, as far as the service's own figures tell. Only figures of sound are exact
 * enough to prove it or to disprove it; a count of words depends on how the service splits them.
 */
import { createHash } from "node:crypto";
import { WAV_HEAD_BYTES, wavFacts } from "./wav-header.ts";
import type { ListedResource } from "./listing.ts";

/** What one reading of a content tells. */
export interface ContentFacts {
  readonly sha256: string;
  readonly length: number;
  /** Runs of characters between white space; 0 where nobody asked. */
  readonly words: number;
  readonly head: Buffer;
}

export interface Judgement {
  readonly evidence: "verified" | "claimed";
  /** Why it cannot be the original; null when it can. */
  readonly differs: string | null;
  /** What a person may want to look at. */
  readonly hints: readonly string[];
}

/** The services round a duration. */
const DURATION_TOLERANCE_S = 1;
/** A word count off by more than this share is worth a hint: numbers and symbols are split in ways of the service's own. */
const WORDS_TOLERANCE = 0.2;
/** Bytes up to a blank are white space to every splitter of words. */
const BLANK = 0x20;

export async function readFacts(
  content: AsyncIterable<Buffer>,
  uploaded: ListedResource["uploaded"],
): Promise<ContentFacts> {
  const hash = createHash("sha256");
  const heads: Buffer[] = [];
  let length = 0;
  let headLength = 0;
  let words = 0;
  let inside = false;
  for await (const piece of content) {
    hash.update(piece);
    length += piece.length;
    if (headLength < WAV_HEAD_BYTES) {
      const part = piece.subarray(0, WAV_HEAD_BYTES - headLength);
      heads.push(part);
      headLength += part.length;
    }
    if (uploaded !== "corpora") continue;
    for (let at = 0; at < piece.length; at++) {
      const isWord = (piece[at] as number) > BLANK;
      if (isWord && !inside) words += 1;
      inside = isWord;
    }
  }
  return { sha256: hash.digest("hex"), length, words, head: Buffer.concat(heads) };
}

export function judgeOriginal(
  { uploaded, figures }: Pick<ListedResource, "uploaded" | "figures">,
  facts: ContentFacts,
): Judgement {
  if (facts.length === 0) return refused("it is empty");
  if (uploaded === "audio") return judgeAudio(figures, facts);
  if (uploaded === "corpora") return { evidence: "claimed", differs: null, hints: wordHints(figures, facts) };
  return { evidence: "claimed", differs: null, hints: [] };
}

function judgeAudio(figures: ListedResource["figures"], { head, length }: ContentFacts): Judgement {
  const details = (figures["details"] ?? {}) as Record<string, unknown>;
  const archive = archiveOf(head);
  if (details["type"] === "archive") {
    const compression = details["compression"];
    if (archive === undefined) return refused("the service has an archive there, and this is none");
    if (typeof compression === "string" && compression !== archive) {
      return refused(`the service has a ${compression} archive there, and this is ${archive}`);
    }
    return { evidence: "claimed", differs: null, hints: [] };
  }
  if (details["type"] === "audio" && archive !== undefined) {
    return refused(`the service has a single recording there, and this is a ${archive} archive`);
  }
  const wav = wavFacts(head, length);
  if (wav === undefined || details["type"] !== "audio") {
    return {
      evidence: "claimed",
      differs: null,
      hints: ["its sound could not be compared with the listing"],
    };
  }
  const { duration } = figures;
  const listed = { codec: details["codec"], frequency: details["frequency"] };
  if (listed.frequency !== wav.frequency) {
    return refused(`the service has ${String(listed.frequency)} Hz, this has ${wav.frequency} Hz`);
  }
  if (wav.codec !== undefined && listed.codec !== wav.codec) {
    return refused(`the service has ${String(listed.codec)}, this has ${wav.codec}`);
  }
  if (typeof duration !== "number") return { evidence: "claimed", differs: null, hints: [] };
  if (Math.abs(duration - wav.duration) > DURATION_TOLERANCE_S) {
    return refused(`the service has ${duration} s, this has ${Math.round(wav.duration)} s`);
  }
  return { evidence: wav.codec === undefined ? "claimed" : "verified", differs: null, hints: [] };
}

function wordHints(figures: ListedResource["figures"], { words }: ContentFacts): string[] {
  const { total_words: listed } = figures;
  if (typeof listed !== "number" || listed === 0) return [];
  if (Math.abs(words - listed) <= listed * WORDS_TOLERANCE) return [];
  return [`the service counted ${listed} words, the file has about ${words}`];
}

function archiveOf(head: Buffer): "zip" | "gzip" | undefined {
  if (head.toString("latin1", 0, 2) === "PK") return "zip";
  return head[0] === 0x1f && head[1] === 0x8b ? "gzip" : undefined;
}

function refused(differs: string): Judgement {
  return { evidence: "claimed", differs, hints: [] };
}
