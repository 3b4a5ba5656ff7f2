/**
 * `capture add`: registers files as the originals of what a service lists, for people whose uploads did not pass through the gateway. A
 * file that cannot be the original is refused, and said why.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { HoldfastError } from "../../model/errors.ts";
import type { CaptureNote, PendingCapture } from "../../sources/watson/captures.ts";
import type { Hooks } from "../hooks.ts";
import type { CaptureAddRow } from "../reports.ts";
import type { Workspace } from "../workspace.ts";
import { folderCandidates, resourceMeant, type Candidate, type Misplaced } from "./candidates.ts";
import { commitCaptures } from "./commit-captures.ts";
import { judgeOriginal, readFacts } from "./judge-original.ts";
import { openListing, type ListedResource, type SourceListing, type Uploaded } from "./listing.ts";
import { modelText } from "./rows.ts";

export type { Candidate } from "./candidates.ts";

export interface AddCapturesRequest {
  readonly source: string;
  readonly files: readonly Candidate[];
  /** Folders in the layout `MODEL/corpora/NAME`. */
  readonly folders: readonly string[];
  /** False: only tell what fits. */
  readonly apply: boolean;
}

/** Registered together: one run for so many files. */
const COMMIT_FILES = 100;

const OPERATIONS: Readonly<Record<Uploaded, string>> = {
  corpora: "addCorpus",
  grammars: "addGrammar",
  audio: "addAudio",
  prompts: "addCustomPrompt",
  speakers: "createSpeakerModel",
};

/** By a file's ending, where it is not told. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".abnf": "application/srgs",
  ".flac": "audio/flac",
  ".gram": "application/srgs",
  ".grxml": "application/srgs+xml",
  ".gz": "application/gzip",
  ".mp3": "audio/mp3",
  ".ogg": "audio/ogg",
  ".tgz": "application/gzip",
  ".txt": "text/plain",
  ".wav": "audio/wav",
  ".webm": "audio/webm",
  ".xml": "application/srgs+xml",
  ".zip": "application/zip",
};

/** What was uploaded under a name that says nothing. */
const DEFAULT_TYPES: Readonly<Record<Uploaded, string | undefined>> = {
  corpora: "text/plain",
  grammars: undefined,
  audio: undefined,
  prompts: "audio/wav",
  speakers: "audio/wav",
};

/**
 * A row for each file. What fits is registered in runs of up to 100 files.
 * Errors: `source-unknown`, `usage`, `file-failed`, `no-read-right`; those of `commitCaptures`.
 */
export async function* addCaptures(
  workspace: Workspace,
  request: AddCapturesRequest,
  hooks: Hooks = {},
): AsyncGenerator<CaptureAddRow> {
  const { source, apply } = request;
  await using listing = await openListing(workspace, source, hooks);
  let pending: { readonly capture: PendingCapture; readonly row: CaptureAddRow }[] = [];
  const commit = async function* (): AsyncGenerator<CaptureAddRow> {
    if (apply && pending.length > 0) {
      const captures = pending.map(({ capture }) => capture);
      await commitCaptures(workspace, source, captures, hooks);
    }
    for (const { row } of pending) yield row;
    pending = [];
  };
  for await (const candidate of allCandidates(request)) {
    const made = await register(workspace, source, listing, candidate);
    if (made.capture === undefined) {
      yield made.row;
      continue;
    }
    const { capture, row } = made;
    const twice = pending.some((other) => other.capture.key.equals(capture.key));
    if (twice || pending.length >= COMMIT_FILES) yield* commit();
    pending.push({ capture, row });
  }
  yield* commit();
}

async function* allCandidates({ files, folders }: AddCapturesRequest): AsyncGenerator<Candidate | Misplaced> {
  yield* files;
  for (const folder of folders) yield* folderCandidates(folder);
}

async function register(
  workspace: Workspace,
  source: string,
  listing: SourceListing,
  candidate: Candidate | Misplaced,
): Promise<{ readonly row: CaptureAddRow; readonly capture?: PendingCapture }> {
  const { path } = candidate;
  const nowhere = { collection: null, model: null, resource: null, name: null };
  const blank = { file: path, source, ...nowhere, evidence: null, hints: [] };
  if ("misplaced" in candidate) {
    const reason =
      "its place says nothing: put it under MODEL/corpora, grammars, audio or prompts, or under speakers";
    return { row: { ...blank, state: "refused", reason } };
  }
  const meant = resourceMeant(listing, candidate);
  if (typeof meant === "string") return { row: { ...blank, state: "refused", reason: meant } };
  const place = {
    ...blank,
    collection: meant.collection,
    model: modelText(meant),
    resource: meant.uploaded,
    name: meant.shown,
  };
  const open = (): AsyncIterable<Buffer> => readFileOf(path);
  const facts = await readFacts(open(), meant.uploaded);
  const { evidence, differs, hints } = judgeOriginal(meant, facts);
  if (differs !== null) return { row: { ...place, state: "refused", reason: differs, hints } };
  const kept = meant.original?.note;
  if (kept !== undefined && kept.incomplete === undefined) {
    if (kept.sha256 === facts.sha256)
      return { row: { ...place, state: "kept", evidence: kept.evidence, hints } };
    if (kept.evidence === "captured" || kept.evidence === "verified") {
      const reason = `another content is kept for it, ${kept.evidence} at ${kept.at}`;
      return { row: { ...place, state: "refused", evidence: kept.evidence, reason, hints } };
    }
  }
  const note = noteOf(candidate, meant, facts, evidence, workspace.clock.now());
  const capture: PendingCapture = {
    collection: meant.collection,
    key: meant.captureKey,
    kind: "live",
    note,
    content: { length: facts.length, open },
  };
  return { row: { ...place, state: "registered", evidence, hints }, capture };
}

function noteOf(
  candidate: Candidate,
  meant: ListedResource,
  facts: { readonly sha256: string; readonly length: number },
  evidence: CaptureNote["evidence"],
  now: number,
): CaptureNote {
  const ending = extname(candidate.path).toLowerCase();
  const contentType = candidate.contentType ?? CONTENT_TYPES[ending] ?? DEFAULT_TYPES[meant.uploaded];
  const { containedContentType } = candidate;
  const { figures, uploaded } = meant;
  // What a restore has to say beside the content, and the listing still knows.
  const metadata = {
    prompt_text: figures["prompt"],
    ...(figures["speaker_id"] === undefined ? {} : { speaker_id: figures["speaker_id"] }),
  };
  return {
    operation: OPERATIONS[uploaded],
    at: new Date(now).toISOString(),
    evidence,
    by: "command",
    query: uploaded === "speakers" ? { speaker_name: meant.shown } : {},
    ...(contentType === undefined ? {} : { contentType }),
    ...(containedContentType === undefined ? {} : { containedContentType }),
    sha256: facts.sha256,
    length: facts.length,
    ...(uploaded === "prompts" && typeof figures["prompt"] === "string" ? { body: metadata } : {}),
    ...(uploaded === "speakers" ? { created: meant.name } : {}),
  };
}

/** Errors: `file-failed`. */
async function* readFileOf(path: string): AsyncGenerator<Buffer> {
  try {
    if (!(await stat(path)).isFile()) {
      throw new HoldfastError("file-failed", `Could not read ${path}: it is no file.`, { path });
    }
    for await (const piece of createReadStream(path)) yield piece as Buffer;
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new HoldfastError("file-failed", `Could not read ${path} (${code}).`, { path }, error);
  }
}
