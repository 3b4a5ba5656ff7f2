/**
 * The footer of a segment: everything a reader must know before its first block. Sealed for the read right.
 */
import type { Observation } from "../../model/version.ts";
import type { IndexPageEntry } from "./block-index.ts";
import { ByteReader, ByteWriter, hexBytes } from "./bytes.ts";
import { damaged } from "./damage.ts";
import type { Location } from "./frame.ts";
import type { SegmentCounts } from "./segment.ts";

const RUN_BYTES = 16;

/** First and last key of a segment, both inclusive. */
export interface Bounds {
  readonly first: Buffer;
  readonly last: Buffer;
}

export interface Footer {
  readonly bounds: Bounds;
  readonly counts: SegmentCounts;
  readonly blocks: number;
  /** How blocks were made; a reader needs neither. */
  readonly blockBytes: number;
  readonly level: number;
  readonly observations: readonly Observation[];
  /** Sealed binary fuse filter; undefined where there is none. */
  readonly filter: Location | undefined;
  /** The only index page itself, or the list of pages. */
  readonly index: { readonly inline: Buffer } | { readonly pages: readonly IndexPageEntry[] };
}

export function encodeFooter(footer: Footer): Buffer {
  const writer = new ByteWriter().bytes(footer.bounds.first).bytes(footer.bounds.last);
  const { counts } = footer;
  writer.varint(counts.live).varint(counts.deleted).varint(counts.purged);
  writer.varint(counts.bodyBytes).varint(counts.blobRefs);
  writer.varint(footer.blocks).varint(footer.blockBytes).varint(footer.level);
  writer.varint(footer.observations.length);
  for (const { run, at, sequence } of footer.observations) {
    writer.raw(hexBytes(run, RUN_BYTES)).varint(at).text(sequence);
  }
  writer.u8(footer.filter ? 1 : 0);
  if (footer.filter) writer.varint(footer.filter.offset).varint(footer.filter.length);
  if ("inline" in footer.index) return writer.u8(1).bytes(footer.index.inline).finish();
  writer.u8(0).varint(footer.index.pages.length);
  for (const page of footer.index.pages) writer.bytes(page.firstKey).varint(page.offset).varint(page.length);
  return writer.finish();
}

export function decodeFooter(plain: Buffer, path: string): Footer {
  const reader = new ByteReader(plain, path);
  const bounds = { first: reader.bytes(), last: reader.bytes() };
  const counts: SegmentCounts = {
    live: reader.varint(),
    deleted: reader.varint(),
    purged: reader.varint(),
    bodyBytes: reader.varint(),
    blobRefs: reader.varint(),
  };
  const blocks = reader.varint();
  const blockBytes = reader.varint();
  const level = reader.varint();
  const observations: Observation[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    observations.push({ run: reader.hex(RUN_BYTES), at: reader.varint(), sequence: reader.text() });
  }
  const filterKind = reader.u8();
  if (filterKind > 1) throw damaged(path, `its key filter has the unknown kind ${filterKind}`);
  const filter = filterKind === 1 ? { offset: reader.varint(), length: reader.varint() } : undefined;
  const index = readIndex(reader);
  reader.done();
  return { bounds, counts, blocks, blockBytes, level, observations, filter, index };
}

function readIndex(reader: ByteReader): Footer["index"] {
  if (reader.u8() === 1) return { inline: reader.bytes() };
  const pages: IndexPageEntry[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    pages.push({ firstKey: reader.bytes(), offset: reader.varint(), length: reader.varint() });
  }
  return { pages };
}
