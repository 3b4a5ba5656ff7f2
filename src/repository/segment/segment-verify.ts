/**
 * Checking one segment: that it is there, whole and what its manifest says; and, reading every byte, that every
 * version, the filter and both tables are what the writer put in.
 */
import { checkFrame } from "./frame-check.ts";
import { keyText } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import { segmentPath } from "../paths.ts";
import type { Keyring } from "../sealing/keyring.ts";
import type { Storage } from "../storage/storage.ts";
import { segmentBounds } from "./bounds.ts";
import { damaged } from "./damage.ts";
import type { Directory } from "./directory.ts";
import { type FileFinding, findingOf } from "./file-finding.ts";
import { SEGMENT_MAGIC } from "./frame.ts";
import { openSegmentFile, type SegmentFile } from "./segment-file.ts";
import { segmentFrame } from "./segment-frame.ts";
import { PageFile } from "./segment-pages.ts";
import { SegmentSurvey } from "./segment-survey.ts";
import type { SegmentInfo } from "./segment.ts";
import { SequentialBytes } from "./sequential-bytes.ts";

export interface VerifyOptions {
  /** Read every byte. Else: existence, size, both ends, footer and directory. */
  readonly readData: boolean;
}

/**
 * What is wrong with a segment; nothing for a sound one. With the write right alone, versions are not opened:
 * `readData` then compares the digest of the file and checks the tables.
 * Errors: `storage-*`; damage is yielded, not thrown.
 */
export async function* verifySegment(
  storage: Storage,
  keyring: Keyring,
  task: TaskName,
  info: SegmentInfo,
  { readData }: VerifyOptions,
  signal?: AbortSignal,
): AsyncGenerator<FileFinding> {
  const path = segmentPath(task, info.id);
  const everything = [
    `all ${info.counts.live + info.counts.deleted + info.counts.purged} versions in the file`,
  ];
  const stat = await storage.stat(path, signal);
  if (stat === undefined) {
    yield { code: "object-missing", message: `${path} is not there.`, items: everything };
    return;
  }
  let sound = true;
  const report = (error: unknown, items: readonly string[]): FileFinding => {
    sound = false;
    return findingOf(error, items);
  };
  if (stat.size !== info.bytes) {
    yield report(damaged(path, `the file has ${stat.size} bytes instead of ${info.bytes}`), []);
  }
  try {
    await checkFrame(
      storage,
      path,
      { magic: SEGMENT_MAGIC, bytes: info.bytes, ...segmentFrame(task, info) },
      signal,
    );
  } catch (error) {
    yield report(error, []);
  }
  let file: SegmentFile | undefined;
  if (keyring.right === "read") {
    try {
      file = await openFile(storage, keyring, task, info, signal);
    } catch (error) {
      yield report(error, everything);
    }
  }
  const pages = new PageFile(keyring, task, info);
  let directory: Directory | undefined;
  try {
    directory = pages.openDirectory(await storage.read(path, info.directory, signal));
  } catch (error) {
    // Without the tables unchanged items are captured once more; no version depends on them.
    yield report(error, []);
  }
  if (!readData) return;
  await using bytes = new SequentialBytes(storage, path, signal);
  const survey = new SegmentSurvey(bytes, keyring, task, path);
  if (file !== undefined) {
    for await (const finding of survey.versions(file, signal)) {
      sound = false;
      yield finding;
    }
    for await (const finding of survey.indexAndFilter(file)) {
      sound = false;
      yield finding;
    }
  }
  if (directory !== undefined) {
    for await (const finding of survey.tables(pages, directory)) {
      sound = false;
      yield finding;
    }
  }
  const { sha256 } = await bytes.finish();
  // Said only when nothing above has told where the difference lies.
  if (sound && sha256 !== info.sha256)
    yield findingOf(damaged(path, "its bytes are not those that were written"), []);
}

/** The opened file; the footer agrees with what the manifest says. */
async function openFile(
  storage: Storage,
  keyring: Keyring,
  task: TaskName,
  info: SegmentInfo,
  signal: AbortSignal | undefined,
): Promise<SegmentFile> {
  const key = keyring.openFileKey(task, info.id, info.wrapped);
  const file = await openSegmentFile(storage, task, info, key, signal);
  const { footer, path } = file;
  const bounds = segmentBounds(keyring, task, info);
  if (!bounds.first.equals(footer.bounds.first) || !bounds.last.equals(footer.bounds.last)) {
    throw damaged(path, `its footer has other bounds than its manifest (${keyText(bounds.first)} …)`);
  }
  for (const [name, count] of Object.entries(info.counts)) {
    if (footer.counts[name as keyof typeof footer.counts] !== count) {
      throw damaged(path, `its footer has another count of ${name} than its manifest`);
    }
  }
  return file;
}
