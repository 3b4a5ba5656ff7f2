/**
 * Helpers of the export and import tests: a repository in memory without any server, exports as bytes, and what a timeline
 * holds in a form that can be compared.
 */
import { createHash } from "node:crypto";
import { exportInstant, type ExportRequest } from "../../src/operations/export.ts";
import { importFile, type ImportRequest } from "../../src/operations/import.ts";
import type { ExportReport, ImportReport } from "../../src/operations/reports.ts";
import { openTimeline } from "../../src/operations/tasks.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import type { Storage } from "../../src/repository/storage/storage.ts";
import { newRepository, TestClock } from "../e2e/house.ts";

export const METADATA = '{"name":"@cloudant/couchbackup","version":"2.11.12","mode":"full"}';

export async function newWorkspace(storage?: Storage): Promise<Workspace> {
  return new Workspace(await newRepository(storage), [], new TestClock());
}

export async function* pieces(file: string | Buffer): AsyncGenerator<Buffer> {
  yield Buffer.from(file);
}

/** Imports a file as `lab/NAME`. */
export async function importAs(
  workspace: Workspace,
  collection: string,
  file: string | Buffer,
  more: Partial<ImportRequest> = {},
): Promise<ImportReport> {
  const at = "2025-06-01T12:00:00Z";
  return importFile(workspace, {
    input: pieces(file),
    source: "lab",
    collection,
    apply: true,
    at,
    ...more,
  });
}

export async function exported(
  workspace: Workspace,
  collection: string,
  more: Partial<ExportRequest> = {},
): Promise<{ readonly bytes: Buffer; readonly report: ExportReport }> {
  const written: Buffer[] = [];
  const report = await exportInstant(workspace, {
    task: `lab/${collection}`,
    format: "couchbackup",
    scope: {},
    attachments: true,
    output: async (piece) => {
      written.push(piece);
    },
    ...more,
  });
  return { bytes: Buffer.concat(written), report };
}

/** An item with everything about it but the run that saw it. */
export interface KeptItem {
  readonly key: string;
  readonly kind: string;
  readonly revision: string;
  readonly parts: readonly string[];
  readonly at: number;
  readonly sequence: string;
  readonly blobs: readonly { readonly part: number; readonly name: string; readonly sha256: string }[];
}

/** All items at the newest instant; the contents of their blobs are read and digested here. */
export async function kept(workspace: Workspace, task: string): Promise<KeptItem[]> {
  const timeline = await openTimeline(workspace, task);
  const items: KeptItem[] = [];
  for await (const versions of timeline.at(timeline.instants.at(-1) ?? 0).scan()) {
    for (const { key, kind, revision, parts, observation, blobs } of versions) {
      const contents = [];
      for (const ref of blobs) {
        const digest = createHash("sha256");
        for await (const piece of timeline.blobs.streamDecoded(ref)) digest.update(piece);
        contents.push({ part: ref.part, name: ref.name, sha256: digest.digest("hex") });
      }
      const { at, sequence } = observation;
      const texts = parts.map((part) => part.toString("utf8"));
      items.push({ key: key.toString("utf8"), kind, revision, parts: texts, at, sequence, blobs: contents });
    }
  }
  return items;
}

/** Paths of everything that lies in the repository's task folders. */
export async function taskFiles(storage: Storage): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of storage.list("tasks/")) paths.push(path);
  return paths;
}
