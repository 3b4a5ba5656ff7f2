/**
 * A source that hands over whatever documents a test invents, so that a timeline can hold what no server would send on demand.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { BlobRef, CapturedVersion } from "../../src/model/version.ts";
import { backup } from "../../src/operations/backup.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import type { Storage } from "../../src/repository/storage/storage.ts";
import type { CaptureEngine, Source } from "../../src/sources/source.ts";
import { collect, newRepository, sourceAt, TestClock } from "../e2e/house.ts";

export interface InventedLeaf {
  readonly rev: string;
  readonly deleted: boolean;
  /** Raw members beside the server's own: `"a":1.0,"b":[]`; may be empty. */
  readonly members: string;
  readonly attachments: readonly {
    readonly name: string;
    readonly content: Buffer;
    readonly encoding: "identity" | "gzip";
  }[];
}

export interface InventedDocument {
  readonly id: string;
  /** Winner first. */
  readonly leaves: readonly InventedLeaf[];
}

/** Text of a leaf as CouchDB would send it. */
export function leafText(id: string, { rev, deleted, members, attachments }: InventedLeaf): string {
  const [generation = "1", hash = ""] = rev.split("-");
  const ids = Array.from({ length: Number(generation) }, (_, back) => (back === 0 ? hash : `a${back}`));
  const stubs = attachments.map(({ name, content, encoding }) => {
    const stored = encoding === "gzip" ? gzipSync(content) : content;
    const digest = `md5-${createHash("md5").update(stored).digest("base64")}`;
    const packed = encoding === "gzip" ? { encoding, encoded_length: stored.length } : {};
    const stub = { content_type: "a/b", revpos: 1, digest, length: content.length, stub: true, ...packed };
    return `${JSON.stringify(name)}:${JSON.stringify(stub)}`;
  });
  return [
    `{"_id":${JSON.stringify(id)},"_rev":"${rev}"`,
    `"_revisions":${JSON.stringify({ start: Number(generation), ids })}`,
    ...(deleted ? ['"_deleted":true'] : []),
    ...(members === "" ? [] : [members]),
    ...(stubs.length === 0 ? [] : [`"_attachments":{${stubs.join(",")}}`]),
  ]
    .join(",")
    .concat("}");
}

async function versionOf({ id, leaves }: InventedDocument, engine: CaptureEngine): Promise<CapturedVersion> {
  const blobs: BlobRef[] = [];
  for (const [part, { rev, attachments }] of leaves.entries()) {
    for (const { name, content, encoding } of attachments) {
      const stored = encoding === "gzip" ? gzipSync(content) : content;
      const bytes = (async function* () {
        yield stored;
      })();
      const blob = await engine.storeBlob(JSON.stringify([id, rev, name]), { encoding, content: bytes });
      blobs.push({ ...blob, part, name });
    }
  }
  return {
    key: Buffer.from(id),
    kind: leaves[0]?.deleted === true ? "deleted" : "live",
    revision: leaves[0]?.rev ?? "",
    state: Buffer.from(leaves.map(({ rev }) => rev).join(",")),
    parts: leaves.map((leaf) => Buffer.from(leafText(id, leaf))),
    blobs,
  };
}

function textItem(key: string, body: string): CapturedVersion {
  const state = createHash("sha256").update(body).digest();
  return { key: Buffer.from(key), kind: "live", revision: "", state, parts: [Buffer.from(body)], blobs: [] };
}

/** A workspace whose task `prod/invented` holds these documents, `_security` and `_settings`. */
export async function inventedTimeline(
  documents: readonly InventedDocument[],
  storage?: Storage,
): Promise<Workspace> {
  const clock = new TestClock();
  const source = {
    kind: "couchdb",
    traffic: { requests: 0, throttled: 0 },
    async *capture({ engine }: { engine: CaptureEngine }) {
      yield { kind: "start", run: "baseline", identity: "1" };
      const versions: CapturedVersion[] = [];
      for (const document of documents) versions.push(await versionOf(document, engine));
      yield { kind: "versions", versions, sequence: "17-abc" };
      const more = [textItem("_security", '{"admins":{}}'), textItem("_settings", '{"q":2}')];
      yield { kind: "versions", versions: more, sequence: "" };
      const cursor = { since: "17-abc" };
      yield { kind: "end", cursor, completeAsOf: clock.now(), through: clock.now() };
    },
    async [Symbol.asyncDispose]() {},
  } as unknown as Source;
  const settings = sourceAt("http://nowhere.invalid", ["invented"]);
  const workspace = new Workspace(await newRepository(storage), [settings], clock, () => source);
  const [run] = await collect(backup(workspace, { select: ["prod/invented"] }));
  if (run?.state !== "committed") throw new Error(JSON.stringify(run));
  return workspace;
}
