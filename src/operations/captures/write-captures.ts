/**
 * Captures as one run of their task: notes become versions, contents and secrets blobs.
 */
import { createHash } from "node:crypto";
import { HoldfastError } from "../../model/errors.ts";
import { keyText, sortableKey, type ItemKey } from "../../model/key.ts";
import type { BlobRef, CapturedVersion } from "../../model/version.ts";
import type {
  CaptureEngine,
  CaptureEvent,
  CaptureRequest,
  SourceContext,
  StoredBlob,
} from "../../sources/source.ts";
import { GONE_STATE } from "../../sources/news.ts";
import type { PendingCapture } from "../../sources/watson/captures.ts";
import type { CapturePlan } from "./plan-captures.ts";

/** Versions handed over at a time. */
const BATCH = 100;

/** A first run of a task has no memory of the source yet: its cursor is empty. */
export async function* writeCaptures(
  plan: CapturePlan,
  { cursor, engine }: CaptureRequest,
  context: SourceContext,
): AsyncGenerator<CaptureEvent> {
  yield { kind: "start", run: cursor === undefined ? "baseline" : "delta", identity: "" };
  let batch: PendingCapture[] = [];
  // Before the first run nothing is kept that could be gone.
  const gone = cursor === undefined ? [] : plan.gone;
  for await (const capture of wordsOn({ ...plan, gone }, engine, context)) {
    batch.push(capture);
    if (batch.length < BATCH) continue;
    yield await versionsOf(batch, engine);
    batch = [];
  }
  if (batch.length > 0) yield await versionsOf(batch, engine);
  const now = context.clock.now();
  yield { kind: "end", cursor: cursor ?? {}, completeAsOf: now, through: now };
}

/** The last word on each key that is concerned. */
async function* wordsOn(
  { keys, gone }: CapturePlan,
  engine: CaptureEngine,
  context: SourceContext,
): AsyncGenerator<PendingCapture> {
  yield* keys.values();
  for (const { prefix, capture } of gone) {
    const kept = engine.keptKeys(prefix);
    if (kept === undefined) {
      context.warn?.(
        "The service deleted these, and this key may not read which of them are kept: a run with the read right must tell",
        keyText(prefix),
      );
      continue;
    }
    for await (const batch of kept) {
      for (const key of batch) if (!keys.has(sortableKey(key))) yield deletionOf(key, capture);
    }
  }
}

function deletionOf(key: ItemKey, { collection, note }: PendingCapture): PendingCapture {
  return { collection, key, kind: "deleted", note };
}

async function versionsOf(captures: readonly PendingCapture[], engine: CaptureEngine): Promise<CaptureEvent> {
  const states = captures.map((capture) => ({ key: capture.key, state: stateOf(capture) }));
  const known = await engine.known(states);
  const versions: CapturedVersion[] = [];
  for (const [index, capture] of captures.entries()) {
    if (known[index] === true) continue;
    const { state } = states[index] as { state: Buffer };
    const { key, kind } = capture;
    const live = kind === "live";
    versions.push({
      key,
      kind,
      revision: "",
      state,
      parts: live ? [noteBytes(capture)] : [],
      blobs: live ? await blobsOf(capture, engine) : [],
    });
  }
  return { kind: "versions", versions, sequence: "" };
}

/** A deletion is the same whoever asked for it: what is gone already gets no second one. */
function stateOf(capture: PendingCapture): Buffer {
  if (capture.kind === "deleted") return GONE_STATE;
  const hash = createHash("sha256").update(noteBytes(capture));
  // The note says which content; of a secret it must not say anything.
  if (capture.secret !== undefined) hash.update("\n").update(capture.secret);
  return hash.digest();
}

function noteBytes({ note }: PendingCapture): Buffer {
  return Buffer.from(JSON.stringify(note), "utf8");
}

async function blobsOf(capture: PendingCapture, engine: CaptureEngine): Promise<BlobRef[]> {
  const { content, secret, note, key } = capture;
  const blobs: BlobRef[] = [];
  if (content !== undefined) {
    const { sha256 } = note;
    if (sha256 === undefined) {
      throw new HoldfastError("internal", `The capture ${keyText(key)} has content without a digest.`);
    }
    const stored = await store(engine, `sha256:${sha256}:${content.length}`, content.open);
    if (stored.sha256 !== sha256) {
      throw new HoldfastError(
        "source-protocol",
        `The content of ${keyText(key)} is not what it was when it was taken: its digest differs.`,
      );
    }
    blobs.push({ part: 0, name: "content", ...stored });
  }
  if (secret !== undefined) {
    const digest = createHash("sha256").update(secret).digest("hex");
    const stored = await store(engine, `sha256:${digest}:${secret.length}`, () => once(secret));
    blobs.push({ part: 0, name: "secret", ...stored });
  }
  return blobs;
}

async function store(
  engine: CaptureEngine,
  alias: string,
  open: () => AsyncIterable<Buffer>,
): Promise<StoredBlob> {
  return (
    (await engine.findBlob(alias)) ??
    (await engine.storeBlob(alias, { encoding: "identity", content: open() }))
  );
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
