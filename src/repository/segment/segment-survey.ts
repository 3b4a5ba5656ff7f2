/**
 * Reading every part of a segment in the order of the file, and working out again from the versions what filter and
 * tables must be.
 */
import { keyText } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import type { Keyring } from "../sealing/keyring.ts";
import { AliasTable } from "./alias-table.ts";
import { openFuse } from "./binary-fuse.ts";
import type { BlockEntry } from "./block-index.ts";
import { decompress } from "./compression.ts";
import { damaged } from "./damage.ts";
import { type Directory, pageCount, pageLocation, type TablePlace } from "./directory.ts";
import { type FileFinding, findingOf } from "./file-finding.ts";
import { type Fingerprints, taskFingerprints } from "./fingerprint.ts";
import { PIECE } from "./frame.ts";
import { KeyTable } from "./key-table.ts";
import type { SegmentFile } from "./segment-file.ts";
import type { PageFile } from "./segment-pages.ts";
import type { SequentialBytes } from "./sequential-bytes.ts";

/** One pass over a segment: `versions`, then `indexAndFilter`, then `tables`. */
export class SegmentSurvey {
  readonly #bytes: SequentialBytes;
  readonly #path: string;
  readonly #fingerprints: Fingerprints;
  readonly #keys = new KeyTable();
  readonly #aliases = new AliasTable();
  readonly #counts = { live: 0, deleted: 0, purged: 0, bodyBytes: 0, blobRefs: 0 };
  /** Every version has been read, so filter and tables can be compared with them. */
  #complete = false;
  #lastKey: Buffer | undefined;

  constructor(bytes: SequentialBytes, keyring: Keyring, task: TaskName, path: string) {
    this.#bytes = bytes;
    this.#path = path;
    this.#fingerprints = taskFingerprints(keyring, task);
  }

  async *versions(file: SegmentFile, signal: AbortSignal | undefined): AsyncGenerator<FileFinding> {
    const { bounds } = file.footer;
    let blocks = 0;
    let whole = true;
    for (let page = 0; page < file.indexPageCount; page++) {
      let entries: readonly BlockEntry[];
      try {
        entries = await file.indexPage(page, signal);
      } catch (error) {
        whole = false;
        const from = file.indexPages[page]?.firstKey ?? bounds.first;
        yield findingOf(error, [range(from, file.indexPages[page + 1]?.firstKey, bounds.last)]);
        continue;
      }
      const nextPage = file.indexPages[page + 1]?.firstKey;
      for (const [index, entry] of entries.entries()) {
        signal?.throwIfAborted();
        blocks++;
        try {
          await this.#block(file, entry);
        } catch (error) {
          whole = false;
          yield findingOf(error, [
            range(entry.firstKey, entries[index + 1]?.firstKey ?? nextPage, bounds.last),
          ]);
        }
      }
    }
    if (!whole) return;
    this.#complete = true;
    try {
      this.#checkTotals(file, blocks);
    } catch (error) {
      yield findingOf(error, [range(bounds.first, undefined, bounds.last)]);
    }
  }

  async #block(file: SegmentFile, entry: BlockEntry): Promise<void> {
    const sealed = await this.#bytes.take(entry.offset, entry.sealedLength);
    const opened = file.openBlock(entry, sealed);
    const raw = entry.stored ? opened : await decompress(opened, entry.rawLength, this.#path);
    const versions = file.versionsOf(entry, raw);
    if (!versions[0]?.key.equals(entry.firstKey)) {
      throw damaged(this.#path, `block ${entry.ordinal} begins with another key than the index says`);
    }
    for (const version of versions) {
      if (this.#lastKey !== undefined && Buffer.compare(this.#lastKey, version.key) >= 0) {
        throw damaged(this.#path, `block ${entry.ordinal} is not in order of key`);
      }
      this.#lastKey = version.key;
      const { high, low } = this.#fingerprints.keyHashHalves(version.key);
      this.#keys.add(high, low, version.fingerprint);
      this.#counts[version.kind]++;
      for (const part of version.parts) this.#counts.bodyBytes += part.length;
      this.#counts.blobRefs += version.blobs.length;
      for (const ref of version.blobs) this.#aliases.add(ref);
    }
  }

  #checkTotals({ footer }: SegmentFile, blocks: number): void {
    if (blocks !== footer.blocks) {
      throw damaged(this.#path, `its index lists ${blocks} blocks instead of ${footer.blocks}`);
    }
    for (const [name, count] of Object.entries(this.#counts)) {
      const stated = footer.counts[name as keyof typeof footer.counts];
      if (stated !== count) throw damaged(this.#path, `it has ${count} as ${name} instead of ${stated}`);
    }
    if (!this.#lastKey?.equals(footer.bounds.last))
      throw damaged(this.#path, "it ends with another key than stated");
  }

  /** Index pages were opened on the way; here they and the filter are read in the order of the file. */
  async *indexAndFilter(file: SegmentFile): AsyncGenerator<FileFinding> {
    const place = file.footer.filter;
    if (place === undefined) return;
    try {
      const sealed = await this.#bytes.take(place.offset, place.length);
      const filter = openFuse(file.openPiece(PIECE.filter, 0, sealed), this.#path);
      if (!this.#complete) return;
      const { high, low, count } = this.#keys.distinctHashes();
      for (let i = 0; i < count; i++) {
        if (!filter.mayContain(high[i] as number, low[i] as number)) {
          throw damaged(this.#path, "its key filter denies a key that the file holds");
        }
      }
    } catch (error) {
      yield findingOf(error, ["lookups of single items in the file (a scan still finds them)"]);
    }
  }

  async *tables(pages: PageFile, directory: Directory): AsyncGenerator<FileFinding> {
    yield* this.#table(pages, PIECE.fingerprintPage, directory.fingerprints, this.#keys);
    yield* this.#table(pages, PIECE.aliasPage, directory.aliases, this.#aliases);
  }

  async *#table(
    pages: PageFile,
    kind: typeof PIECE.fingerprintPage | typeof PIECE.aliasPage,
    table: TablePlace,
    expected: KeyTable | AliasTable,
  ): AsyncGenerator<FileFinding> {
    const rebuilt = this.#complete ? expected.pages(table.perPage) : undefined;
    for (let ordinal = 0; ordinal < pageCount(table); ordinal++) {
      try {
        const { offset, length } = pageLocation(table, ordinal);
        const page = pages.openPage(kind, ordinal, await this.#bytes.take(offset, length));
        const wanted = rebuilt?.next();
        if (wanted !== undefined && (wanted.done || !wanted.value.equals(page))) {
          throw damaged(this.#path, `page ${ordinal} of its tables does not agree with its versions`);
        }
      } catch (error) {
        // No version depends on the tables: unchanged items are captured once more.
        yield findingOf(error, []);
      }
    }
    if (rebuilt !== undefined && !rebuilt.next().done) {
      yield findingOf(damaged(this.#path, "its tables lack entries for some of its versions"), []);
    }
  }
}

/** A range of items for people. */
function range(from: Buffer, before: Buffer | undefined, last: Buffer): string {
  return before === undefined
    ? `items from ${keyText(from)} to ${keyText(last)}`
    : `items from ${keyText(from)} up to, but not including, ${keyText(before)}`;
}
