/**
 * What a restore of an older instant finds of originals that were registered after it.
 */
import { expect, it } from "vitest";
import { backup } from "../../../src/operations/backup.ts";
import { commitCaptures } from "../../../src/operations/captures/commit-captures.ts";
import { scopeReader } from "../../../src/operations/restore/scope.ts";
import { openTimeline } from "../../../src/operations/tasks.ts";
import type { PendingCapture } from "../../../src/sources/watson/captures.ts";
import { captureKey } from "../../../src/sources/watson/keys.ts";
import { collect } from "../../e2e/house.ts";
import { captureRig, gone, SOURCE, TASK, upload, type CaptureRig } from "./rig.ts";

const HOUR_MS = 3_600_000;

function registered(rest: string, text: string): PendingCapture {
  const { note, ...capture } = upload("m1", rest, text);
  return { ...capture, note: { ...note, by: "command", evidence: "claimed" } };
}

/** The digest of the original that a restore of the first instant finds, or undefined. */
async function foundAtFirst(rig: CaptureRig, rest: string): Promise<string | undefined> {
  const timeline = await openTimeline(rig.workspace, TASK);
  const view = timeline.at(timeline.instants[0] as number);
  const reader = scopeReader(timeline, view, {}, new AbortController().signal);
  const [other, found] = await reader.find([captureKey("m1", "corpora/never"), captureKey("m1", rest)]);
  expect(other).toBeUndefined();
  return found?.kind === "live" ? found.blobs[0]?.sha256 : undefined;
}

async function begun(...captures: PendingCapture[]): Promise<CaptureRig> {
  const rig = captureRig();
  if (captures.length > 0) await commitCaptures(rig.workspace, SOURCE, captures);
  else await collect(backup(rig.workspace, { select: [TASK], maintain: false }));
  rig.clock.time += HOUR_MS;
  return rig;
}

it("an original that somebody registered afterwards counts where nothing was known", async () => {
  const rig = await begun();
  const original = registered("corpora/a", "the old text");
  await commitCaptures(rig.workspace, SOURCE, [original]);
  expect(await foundAtFirst(rig, "corpora/a")).toBe(original.note.sha256);
});

it("what passed the gateway afterwards is another upload, and does not count", async () => {
  const rig = await begun();
  await commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/a", "the new text")]);
  expect(await foundAtFirst(rig, "corpora/a")).toBeUndefined();
});

it("what was known at the instant counts before anything that was registered afterwards", async () => {
  const first = upload("m1", "corpora/a", "the old text");
  const rig = await begun(first);
  await commitCaptures(rig.workspace, SOURCE, [registered("corpora/a", "a wrong file")]);
  expect(await foundAtFirst(rig, "corpora/a")).toBe(first.note.sha256);
});

it("an original whose resource was deleted since has nothing to tell", async () => {
  const rig = await begun();
  await commitCaptures(rig.workspace, SOURCE, [registered("corpora/a", "the old text")]);
  rig.clock.time += HOUR_MS;
  await commitCaptures(rig.workspace, SOURCE, [gone("m1", "corpora/a")]);
  expect(await foundAtFirst(rig, "corpora/a")).toBeUndefined();
});
