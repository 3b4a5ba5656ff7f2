/**
 * Reads exactly the leaf revisions that the feed named, and accounts for every one of them: found, gone, or – after all
 * patience – a failure of the run. `_bulk_get` answers 200 whatever happens, so nothing is ever taken as gone that the
 * service did not say was missing when it was asked for it alone.
 */
import { HoldfastError, isHoldfastError } from "../../../model/errors.ts";
import { backoffDelay, pause } from "../../http/backoff.ts";
import type { CouchDatabase, DocRef } from "../database.ts";
import { leafOf, type Leaf } from "../items.ts";
import type { BulkGetEntry } from "../reading/bulk-get.ts";
import { orderedPipeline } from "../../ordered-pipeline.ts";

/** A document that must be read. */
export interface Wanted {
  /** Its key as text of one character per byte: JavaScript's order of two is the keys' order. */
  readonly sortKey: string;
  readonly id: string;
  /** All leaf revisions. */
  readonly revs: readonly string[];
  /** The only leaf, when the feed itself has already brought it. */
  readonly leaf: Leaf | undefined;
}

/** All leaves, or undefined when at least one of them has gone. */
export type ReadLeaves = readonly Leaf[] | undefined;

/** A document with more leaves than this is asked for whole: the server reads its revision tree once, not per leaf. */
const MANY_LEAVES = 20;

/** Revisions of one document per request when its leaf set has changed since the feed named it. */
const LEAVES_PER_REQUEST = 500;

/** Rounds in which a revision that the service failed to give is asked for alone. */
const ALONE_ROUNDS = 5;

/** Items named in an error message. */
const NAMED_ITEMS = 10;

type Outcome = Leaf | "gone" | { readonly failure: string };

export class RevisionReader {
  readonly #database: CouchDatabase;
  /** False once the server has shown that it has no `_bulk_get`. */
  #bulkGet = true;

  constructor(database: CouchDatabase) {
    this.#database = database;
  }

  /** The leaves of each document, in the order of `batch`. Errors: `capture-incomplete` names what could not be read. */
  async read(batch: readonly Wanted[], signal: AbortSignal): Promise<ReadLeaves[]> {
    const results: ReadLeaves[] = batch.map((wanted) => wanted.leaf && [wanted.leaf]);
    const open: { readonly wanted: Wanted; readonly at: number; found: Map<string, Leaf> }[] = [];
    const usual: number[] = [];
    for (const [at, wanted] of batch.entries()) {
      if (wanted.leaf !== undefined) continue;
      if (wanted.revs.length > MANY_LEAVES) {
        open.push({ wanted, at, found: await this.#readWhole(wanted, signal) });
      } else usual.push(at);
    }
    const refs = usual.flatMap((at) => {
      const { id, revs } = batch[at] as Wanted;
      return revs.map((rev) => ({ id, rev }));
    });
    const entries = refs.length === 0 ? [] : await this.#get(refs, signal);
    const byId = inOrder(refs, entries) ? undefined : groupById(entries);
    let next = 0;
    for (const at of usual) {
      const wanted = batch[at] as Wanted;
      // Nearly every document has one leaf, and it is there.
      const only =
        byId === undefined && wanted.revs.length === 1 ? onlyLeaf(entries[next], wanted.revs[0]) : undefined;
      if (only !== undefined) {
        results[at] = [only];
        next += 1;
        continue;
      }
      const given = byId?.get(wanted.id) ?? (byId ? [] : entries.slice(next, next + wanted.revs.length));
      next += wanted.revs.length;
      open.push({ wanted, at, found: leavesOf(given, wanted.revs) });
    }
    const lacking: { readonly id: string; readonly rev: string; readonly put: (outcome: Outcome) => void }[] =
      [];
    const gone = new Set<number>();
    for (const { wanted, at, found } of open) {
      for (const rev of wanted.revs) {
        if (found.has(rev)) continue;
        lacking.push({
          id: wanted.id,
          rev,
          put: (outcome) => {
            if (outcome === "gone") gone.add(at);
            else if ("rev" in outcome) found.set(rev, outcome);
          },
        });
      }
    }
    if (lacking.length > 0) await this.#settleAlone(lacking, signal);
    for (const { wanted, at, found } of open) {
      results[at] = gone.has(at) ? undefined : wanted.revs.map((rev) => found.get(rev) as Leaf);
    }
    return results;
  }

  /** Of the documents, those that the service does not have at all, not even as tombstones. */
  async absent(ids: readonly string[], signal: AbortSignal): Promise<Set<string>> {
    const absent = new Set<string>();
    const checks = orderedPipeline(
      ids,
      this.#database.client.http.parallelism,
      async (id, inner) => ({ id, leaves: await this.allLeaves(id, inner) }),
      signal,
    );
    for await (const { id, leaves } of checks) if (leaves === undefined) absent.add(id);
    return absent;
  }

  /** All leaves that the document has now; undefined when it does not exist. */
  async allLeaves(id: string, signal: AbortSignal): Promise<readonly Leaf[] | undefined> {
    let failure = "";
    for (let round = 1; round <= ALONE_ROUNDS; round++) {
      if (round > 1) await this.#wait(round - 1, signal);
      const revisions = (await this.#get([{ id }], signal)).flatMap((entry) =>
        entry.id === id ? entry.revisions : [],
      );
      const failed = revisions.find((revision) => !revision.found && !revision.missing);
      if (failed === undefined) {
        const leaves = revisions.flatMap((one) => (one.found ? [leafOf(one.rev, one.text, one.flags)] : []));
        return leaves.length === 0 ? undefined : leaves;
      }
      failure = failed.found ? "" : `${failed.error}: ${failed.reason}`;
    }
    throw this.#incomplete([`"${id}" (${failure})`]);
  }

  async #readWhole(wanted: Wanted, signal: AbortSignal): Promise<Map<string, Leaf>> {
    const found = leavesOf(await this.#get([{ id: wanted.id }], signal), wanted.revs);
    if (found.size === wanted.revs.length) return found;
    const lacking = wanted.revs.filter((rev) => !found.has(rev));
    for (let from = 0; from < lacking.length; from += LEAVES_PER_REQUEST) {
      const refs = lacking.slice(from, from + LEAVES_PER_REQUEST).map((rev) => ({ id: wanted.id, rev }));
      for (const [rev, leaf] of leavesOf(await this.#get(refs, signal), wanted.revs)) found.set(rev, leaf);
    }
    return found;
  }

  async #settleAlone(
    lacking: readonly {
      readonly id: string;
      readonly rev: string;
      readonly put: (outcome: Outcome) => void;
    }[],
    signal: AbortSignal,
  ): Promise<void> {
    let open = lacking.map((item) => ({ item, failure: "" }));
    for (let round = 1; round <= ALONE_ROUNDS && open.length > 0; round++) {
      if (round > 1) await this.#wait(round - 1, signal);
      const still: typeof open = [];
      const answers = orderedPipeline(
        open,
        this.#database.client.http.parallelism,
        async ({ item }, inner) => ({ item, outcome: await this.#readAlone(item.id, item.rev, inner) }),
        signal,
      );
      for await (const { item, outcome } of answers) {
        if (typeof outcome === "object" && "failure" in outcome)
          still.push({ item, failure: outcome.failure });
        else item.put(outcome);
      }
      open = still;
    }
    if (open.length > 0) {
      throw this.#incomplete(
        open.map(({ item, failure }) => `"${item.id}" revision ${item.rev} (${failure})`),
      );
    }
  }

  async #readAlone(id: string, rev: string, signal: AbortSignal): Promise<Outcome> {
    const revisions = (await this.#get([{ id, rev }], signal)).flatMap((entry) =>
      entry.id === id ? entry.revisions : [],
    );
    let failure = "the answer does not mention it";
    for (const revision of revisions) {
      if (revision.found && revision.rev === rev) return leafOf(rev, revision.text, revision.flags);
      if (revision.found) failure = `the answer holds revision ${revision.rev} instead`;
      else if (revision.missing) return "gone";
      else failure = `${revision.error}: ${revision.reason}`;
    }
    return { failure };
  }

  async #get(refs: readonly DocRef[], signal: AbortSignal): Promise<BulkGetEntry[]> {
    if (this.#bulkGet) {
      try {
        return await this.#database.bulkGet(refs, {}, signal);
      } catch (error) {
        if (!isMissingEndpoint(error)) throw error;
        // The database itself may be what is missing: then this throws.
        await this.#database.info(signal);
        this.#bulkGet = false;
      }
    }
    const entries: BulkGetEntry[] = [];
    const reads = orderedPipeline(
      [...groupRevs(refs)],
      this.#database.client.http.parallelism,
      async ([id, revs], inner) => await this.#database.openRevs(id, revs, inner),
      signal,
    );
    for await (const entry of reads) entries.push(entry);
    return entries;
  }

  async #wait(round: number, signal: AbortSignal): Promise<void> {
    await pause(backoffDelay(this.#database.client.http.retry, round, undefined), signal);
  }

  #incomplete(items: readonly string[]): HoldfastError {
    const more = items.length > NAMED_ITEMS ? ` and ${items.length - NAMED_ITEMS} more` : "";
    return new HoldfastError(
      "capture-incomplete",
      `could not read ${items.slice(0, NAMED_ITEMS).join(", ")}${more} of database "${this.#database.name}"`,
      { source: this.#database.client.http.address.shown },
    );
  }
}

/** The entry's leaf when it holds just that revision. */
function onlyLeaf(entry: BulkGetEntry | undefined, rev: string | undefined): Leaf | undefined {
  const revision = entry?.revisions[0];
  if (entry?.revisions.length !== 1 || revision === undefined || !revision.found || revision.rev !== rev)
    return undefined;
  return leafOf(revision.rev, revision.text, revision.flags);
}

/** CouchDB before 2.0 takes `_bulk_get` for a document or an unknown method. */
function isMissingEndpoint(error: unknown): boolean {
  if (!isHoldfastError(error, "source-not-found", "source-protocol")) return false;
  return [400, 404, 405, 501].includes(error.context.status ?? 0);
}

/** CouchDB answers one entry per reference, in order. */
function inOrder(refs: readonly DocRef[], entries: readonly BulkGetEntry[]): boolean {
  return refs.length === entries.length && refs.every((ref, at) => entries[at]?.id === ref.id);
}

function groupById(entries: readonly BulkGetEntry[]): Map<string, BulkGetEntry[]> {
  const groups = new Map<string, BulkGetEntry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.id);
    if (group === undefined) groups.set(entry.id, [entry]);
    else group.push(entry);
  }
  return groups;
}

function groupRevs(refs: readonly DocRef[]): Map<string, string[] | "all"> {
  const groups = new Map<string, string[] | "all">();
  for (const { id, rev } of refs) {
    const group = groups.get(id);
    if (rev === undefined) groups.set(id, "all");
    else if (group === undefined) groups.set(id, [rev]);
    else if (group !== "all") group.push(rev);
  }
  return groups;
}

/** Those of the revisions that were found; anything else has to be asked for again. */
function leavesOf(entries: readonly BulkGetEntry[], revs: readonly string[]): Map<string, Leaf> {
  const found = new Map<string, Leaf>();
  const wanted = revs.length > 1 ? new Set(revs) : undefined;
  for (const entry of entries) {
    for (const revision of entry.revisions) {
      if (!revision.found) continue;
      if (wanted === undefined ? revision.rev !== revs[0] : !wanted.has(revision.rev)) continue;
      found.set(revision.rev, leafOf(revision.rev, revision.text, revision.flags));
    }
  }
  return found;
}
