/**
 * The rows of a feed: which ones, how they look, and the `last_seq` and `pending` that close them.
 */
import { matchesSelector } from "./selector.ts";

import type { Attachment } from "./attachment-json.ts";
import type { ChangesOptions } from "./changes-options.ts";
import type { Database, ListingRow } from "./database.ts";
import { composeDocument } from "./document-view.ts";
import type { Exchange } from "./exchange.ts";
import { quote } from "./json-text.ts";
import type { Leaf } from "./revision-tree.ts";
import { parseRevision } from "./revision.ts";

/** Rows read at once. */
const PAGE = 500;
/** Design documents, and up to this many ids, CouchDB looks up one by one; then whatever it did not send counts as pending. */
const LOOKED_UP_IDS = 100;

export interface ChangesRow {
  readonly text: string;
  /** Empty where the row has none. */
  readonly seq: string;
}

export class ChangesRows {
  readonly #exchange: Exchange;
  readonly #database: Database;
  readonly #options: ChangesOptions;
  readonly #reads: boolean;
  #position: number;
  #start: number;
  #lastSeq: number;
  /** Rows looked at that the filter did not let through or that were sent. */
  #passed = 0;
  #number = 0;
  count = 0;

  constructor(exchange: Exchange, database: Database, options: ChangesOptions) {
    this.#exchange = exchange;
    this.#database = database;
    this.#options = options;
    this.#reads = options.includeDocs || options.filter.kind === "selector";
    this.#start = rewound(exchange, database, options.since);
    this.#position = this.#start;
    this.#lastSeq = this.#start;
  }

  /** Every change up to here has been looked at. */
  get position(): number {
    return this.#position;
  }

  /** The rows up to `through`, as far as the limit allows; may be called again when there is more. */
  *take(through: number): Generator<ChangesRow> {
    const { limit, descending } = this.#options;
    if (descending) {
      yield* this.#descend(through);
      return;
    }
    while (this.count < limit) {
      const page = this.#database.isDeleted
        ? []
        : this.#database.changes(this.#position, through, PAGE, false, this.#reads);
      for (const row of this.#disturbed(page)) {
        const text = this.#row(row);
        if (text !== null) yield text;
        if (this.count >= limit) return;
      }
      const last = page.at(-1);
      if (last === undefined) break;
      this.#position = last[0];
    }
    if (this.count < limit) {
      this.#position = Math.max(this.#position, through);
      this.#lastSeq = this.#position;
    }
  }

  /** `"last_seq":…,"pending":…` */
  tail(): string {
    const lastSeq = quote(this.#database.sequences.encode(this.#lastSeq));
    if (this.#exchange.fault("no-pending") !== undefined) return `"last_seq":${lastSeq}`;
    return `"last_seq":${lastSeq},"pending":${this.#pending()}`;
  }

  #pending(): number {
    if (this.#database.isDeleted) return 0;
    const { descending, filter } = this.#options;
    const from = descending ? 0 : this.#start;
    const total = this.#database.countChanges(from, this.#database.updateSeq);
    const lookedUp =
      filter.kind === "design" || (filter.kind === "doc_ids" && filter.ids.size <= LOOKED_UP_IDS);
    const passed = lookedUp ? this.count : this.#passed;
    return Math.max(0, total - passed);
  }

  *#descend(through: number): Generator<ChangesRow> {
    let below = through;
    while (this.count < this.#options.limit) {
      const page = this.#database.changes(0, below, PAGE, true, this.#reads);
      for (const row of page) {
        const text = this.#row(row);
        if (text !== null) yield text;
        if (this.count >= this.#options.limit) return;
      }
      const last = page.at(-1);
      if (last === undefined) return;
      below = last[0] - 1;
    }
  }

  /** The page as faults on feeds make it: another order, rows twice. */
  #disturbed(page: ListingRow[]): ListingRow[] {
    const duplicate = this.#exchange.fault("duplicate");
    const rows =
      duplicate === undefined
        ? page
        : page.flatMap((row, i) => ((i + 1) % (duplicate.every ?? 1) === 0 ? [row, row] : [row]));
    // Every other row first is a different order each time the page differs, and needs no randomness.
    if (this.#exchange.fault("shuffle") === undefined) return rows;
    return [...rows.filter((_, i) => i % 2 === 1).reverse(), ...rows.filter((_, i) => i % 2 === 0)];
  }

  #row(row: ListingRow): ChangesRow | null {
    const [sequence, id, rev, deleted, leaves] = row;
    this.#passed++;
    const leaf = this.#reads ? winnerLeaf(rev, deleted === 1) : null;
    if (!this.#passes(row, leaf)) {
      this.#lastSeq = Math.max(this.#lastSeq, sequence);
      return null;
    }
    this.count++;
    // What a client is told as its position never runs ahead of rows that a disturbed page has yet to bring.
    this.#lastSeq = this.#options.descending ? sequence : Math.max(this.#lastSeq, sequence);
    this.#number++;
    const numbered = this.#number % this.#options.seqInterval === 0;
    const seq = numbered ? quote(this.#database.sequences.encode(sequence)) : "null";
    const list = this.#options.allLeaves && leaves !== null ? leaves : `{"rev":${quote(rev)}}`;
    let text = `{"seq":${seq},"id":${quote(id)},"changes":[${list}]`;
    if (deleted === 1) text += ',"deleted":true';
    if (leaf !== null && this.#options.includeDocs) text += `,"doc":${this.#document(row, leaf)}`;
    return { text: `${text}}`, seq: numbered ? seq : "" };
  }

  #passes(row: ListingRow, leaf: Leaf | null): boolean {
    const { filter } = this.#options;
    switch (filter.kind) {
      case "none":
        return true;
      case "doc_ids":
        return filter.ids.has(row[1]);
      case "design":
        return row[1].startsWith("_design/");
      case "selector": {
        if (leaf === null) return false;
        const text = composeDocument(this.#database, row[1], leaf, bodyOf(row), {});
        return matchesSelector(JSON.parse(text) as Record<string, unknown>, filter.selector);
      }
      default:
        return false;
    }
  }

  #document(row: ListingRow, leaf: Leaf): string {
    const { conflicts, attachments, encodingInfo } = this.#options;
    const record = conflicts ? this.#database.find(row[1]) : null;
    return composeDocument(
      this.#database,
      row[1],
      leaf,
      bodyOf(row),
      { conflicts, attachments, encodingInfo },
      record,
    );
  }
}

/** Where the fault "rewind" makes a feed begin; only a `since` can be rewound. */
function rewound(exchange: Exchange, database: Database, since: number): number {
  const fault = exchange.fault("rewind");
  if (fault === undefined || since === 0) return since;
  if (fault.changes === undefined) return 0;
  return database.changes(0, since, fault.changes + 1, true, false)[fault.changes]?.[0] ?? 0;
}

function winnerLeaf(rev: string, deleted: boolean): Leaf {
  return { ...parseRevision(rev), deleted, body: 0, path: [] };
}

function bodyOf(row: ListingRow): { text: string; attachments: Attachment[] } {
  const [, , , , , text, attachments] = row;
  return { text, attachments: attachments === null ? [] : (JSON.parse(attachments) as Attachment[]) };
}
