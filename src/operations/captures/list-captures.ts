/**
 * `capture list` and `capture verify`: what is listed and what of it has its original, looked at again with the newest figures.
 */
import type { PendingCapture } from "../../sources/watson/captures.ts";
import type { Hooks } from "../hooks.ts";
import type { CaptureRow, CaptureVerifyRow } from "../reports.ts";
import type { Workspace } from "../workspace.ts";
import { commitCaptures } from "./commit-captures.ts";
import { judgeOriginal, readFacts } from "./judge-original.ts";
import { openListing, type ListedResource, type SourceListing } from "./listing.ts";
import { captureRow, hasOriginal } from "./rows.ts";

export interface ListCapturesRequest {
  readonly source: string;
  /** Only what has no original. */
  readonly missing?: boolean;
}

/** Errors: `source-unknown`, `usage`, `no-read-right`, `object-*`. */
export async function* listCaptures(
  workspace: Workspace,
  { source, missing = false }: ListCapturesRequest,
  hooks: Hooks = {},
): AsyncGenerator<CaptureRow> {
  await using listing = await openListing(workspace, source, hooks);
  for (const resource of listing.resources) {
    if (!missing || !hasOriginal(resource)) yield captureRow(source, resource);
  }
}

/**
 * Reads every original back and compares it with the figures of the newest listing; one that they prove counts as verified from then
 * on. Errors: as `listCaptures`; those of `commitCaptures`.
 */
export async function* verifyCaptures(
  workspace: Workspace,
  { source }: Pick<ListCapturesRequest, "source">,
  hooks: Hooks = {},
): AsyncGenerator<CaptureVerifyRow> {
  await using listing = await openListing(workspace, source, hooks);
  const proven: PendingCapture[] = [];
  for (const resource of listing.resources) {
    const { row, capture } = await verifyOne(source, listing, resource);
    if (capture !== undefined) proven.push(capture);
    yield row;
  }
  if (proven.length > 0) await commitCaptures(workspace, source, proven, hooks);
}

async function verifyOne(
  source: string,
  listing: SourceListing,
  resource: ListedResource,
): Promise<{ readonly row: CaptureVerifyRow; readonly capture?: PendingCapture }> {
  const row = captureRow(source, resource);
  const { original, collection, captureKey, uploaded } = resource;
  const ref = original?.content;
  if (original === undefined || ref === undefined || !hasOriginal(resource)) {
    return { row: { ...row, outcome: "missing", hints: [] } };
  }
  const { note } = original;
  const open = (): AsyncIterable<Buffer> => listing.content(resource, ref);
  const facts = await readFacts(open(), uploaded);
  if (note.sha256 !== undefined && note.sha256 !== facts.sha256) {
    const problem = "what is kept has not the digest that its note tells";
    return { row: { ...row, outcome: "differs", problem, hints: [] } };
  }
  const { evidence, differs, hints } = judgeOriginal(resource, facts);
  if (differs !== null) return { row: { ...row, outcome: "differs", problem: differs, hints } };
  if (evidence !== "verified" || note.evidence !== "claimed") {
    return { row: { ...row, outcome: "unchanged", hints } };
  }
  const capture: PendingCapture = {
    collection,
    key: captureKey,
    kind: "live",
    note: { ...note, evidence },
    content: { length: facts.length, open },
  };
  return { row: { ...row, evidence, outcome: "proven", hints }, capture };
}
