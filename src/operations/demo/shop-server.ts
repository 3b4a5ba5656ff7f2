/**
 * The demo's hands on its database: plain CouchDB requests, as the shop's own application would send them.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { Sandbox } from "../sandbox.ts";
import { DESIGN_DOCUMENTS, shopDocument, type ShopDocument } from "./shop.ts";

/** Documents of one `_bulk_docs` request. */
const BATCH = 1_000;
/** Every so many documents gets a conflicting revision, as two warehouses offline would leave it. */
const CONFLICT_EVERY = 400;
const REVISION_HASH = /^\d+-[0-9a-f]{32}$/;

export interface Edited {
  readonly changed: number;
  readonly added: number;
  readonly deleted: number;
}

export class ShopServer {
  readonly #url: string;
  readonly #authorization: string;

  constructor(sandbox: Sandbox, database: string) {
    this.#url = `${sandbox.url.replace(/\/$/, "")}/${database}`;
    this.#authorization = `Basic ${Buffer.from(`${sandbox.user.name}:${sandbox.user.password}`).toString("base64")}`;
  }

  /** Creates and fills the database. */
  async fill(documents: number, progress: (done: number) => void): Promise<{ conflicts: number }> {
    await this.#send("PUT", "");
    let conflicts = 0;
    for (let start = 0; start < documents; start += BATCH) {
      const count = Math.min(BATCH, documents - start);
      const batch = Array.from({ length: count }, (_, offset) => shopDocument(start + offset));
      const revisions = await this.#bulk(batch);
      const rivals = batch.filter((_, offset) => (start + offset) % CONFLICT_EVERY === 0);
      await this.#conflict(rivals, revisions);
      conflicts += rivals.length;
      progress(start + count);
    }
    // Last: the rules need not look at what is known to keep them.
    await this.#bulk(DESIGN_DOCUMENTS);
    return { conflicts };
  }

  /** One day's work: orders move on, customers are added, some orders are cancelled. */
  async workADay(day: number, documents: number): Promise<Edited> {
    const step = 97 + day;
    const ids: string[] = [];
    for (let index = day; index < documents; index += step) ids.push(shopDocument(index)._id);
    const rows = (await this.#send("POST", "/_all_docs?include_docs=true", { keys: ids })) as {
      rows: { doc?: ShopDocument | null }[];
    };
    const present = rows.rows
      .map((row) => row.doc)
      .filter((doc): doc is ShopDocument => doc !== null && doc !== undefined);
    const cancelled = present.filter((doc, position) => doc["type"] === "order" && position % 9 === 0);
    const moved = present
      .filter((doc) => !cancelled.includes(doc))
      .map((doc) => ({
        ...doc,
        ...(doc["type"] === "order" ? { status: "delivered" } : { checked: `day ${day}` }),
      }));
    const added = Array.from({ length: 40 }, (_, offset) => ({
      ...shopDocument(documents + day * 100 + offset),
      type: "customer",
      added: `day ${day}`,
    }));
    await this.#bulk([
      ...moved,
      ...added,
      ...cancelled.map((doc) => ({ _id: doc._id, _rev: doc["_rev"], _deleted: true, reason: "cancelled" })),
    ]);
    return { changed: moved.length, added: added.length, deleted: cancelled.length };
  }

  /** A script gone wrong: every order of the shop loses its total, and many documents are deleted. */
  async damage(): Promise<Edited> {
    let changed = 0;
    let deleted = 0;
    await this.#send("DELETE", `/_design/rules?rev=${await this.#revisionOf("_design/rules")}`);
    for (let startKey = '"customer:"'; ;) {
      const query = `limit=${BATCH}&include_docs=true&startkey=${encodeURIComponent(startKey)}`;
      const { rows } = (await this.#send("GET", `/_all_docs?${query}`)) as {
        rows: { id: string; doc: ShopDocument }[];
      };
      const last = rows[rows.length - 1];
      if (last === undefined) return { changed, added: 0, deleted: deleted + 1 };
      const broken = rows.map(({ doc }, position) =>
        position % 3 === 0
          ? { _id: doc._id, _rev: doc["_rev"], _deleted: true }
          : { ...doc, total: null, items: [], name: "???" },
      );
      deleted += broken.filter((doc) => "_deleted" in doc).length;
      changed += broken.length;
      await this.#bulk(broken);
      startKey = JSON.stringify(`${last.id}\u0000`);
    }
  }

  /** One document's conflict: a second branch beside the revision that won. */
  async #conflict(rivals: readonly ShopDocument[], revisions: ReadonlyMap<string, string>): Promise<void> {
    const branches = rivals.map((document) => {
      const [generation, hash] = (revisions.get(document._id) ?? "").split("-") as [string, string];
      const other = `${generation}-${hash.split("").toReversed().join("")}`;
      if (!REVISION_HASH.test(other)) throw new HoldfastError("internal", `${document._id} has no revision.`);
      const { _attachments: _, ...body } = document;
      return { ...body, _rev: other, warehouse: "offline" };
    });
    if (branches.length > 0) await this.#send("POST", "/_bulk_docs", { new_edits: false, docs: branches });
  }

  async #bulk(documents: readonly object[]): Promise<Map<string, string>> {
    const results = (await this.#send("POST", "/_bulk_docs", { docs: documents })) as {
      id: string;
      rev?: string;
    }[];
    return new Map(results.map(({ id, rev }) => [id, rev ?? ""]));
  }

  async #revisionOf(id: string): Promise<string> {
    return ((await this.#send("GET", `/${id}`)) as { _rev: string })._rev;
  }

  async #send(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { authorization: this.#authorization, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    throw new HoldfastError(
      "internal",
      `The demo's ${method} ${path || "/"} was answered ${response.status}: ${JSON.stringify(answer)}`,
    );
  }
}
