/**
 * The members of zip and tar.gz archives, unpacked while they pass by: neither the archive nor a member is ever whole in memory.
 */
import type { Readable } from "node:stream";
import { Readable as NodeReadable, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

import { Unzip, UnzipInflate } from "fflate";
import { createTarDecoder } from "modern-tar";

/** Receives one member's bytes. */
export interface MemberSink {
  push(bytes: Uint8Array): void;
  /** `whole` is false when the member cannot be unpacked. */
  end(whole: boolean): void;
}

/** Compressed bytes unpacked at once: deflate makes at most a thousand times as much of them. */
const SLICE_BYTES = 8 * 1024;

/** Resolves to false if the bytes are no readable archive. Folders are no members. */
export async function eachZipMember(archive: Readable, open: (name: string) => MemberSink): Promise<boolean> {
  let broken = false;
  const unzip = new Unzip((file) => {
    if (file.name.endsWith("/")) return;
    const sink = open(file.name);
    let ended = false;
    const finish = (whole: boolean): void => {
      if (ended) return;
      ended = true;
      broken ||= !whole;
      sink.end(whole);
    };
    file.ondata = (error, bytes, final) => {
      if (error !== null) {
        finish(false);
        return;
      }
      if (!ended) sink.push(bytes);
      if (final) finish(true);
    };
    try {
      file.start();
    } catch {
      // A way of compressing that is not known here.
      finish(false);
    }
  });
  unzip.register(UnzipInflate);
  try {
    for await (const piece of archive as AsyncIterable<Buffer>) {
      for (let at = 0; at < piece.length; at += SLICE_BYTES) unzip.push(piece.subarray(at, at + SLICE_BYTES));
    }
    unzip.push(new Uint8Array(0), true);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return false;
  }
  return !broken;
}

/** As {@link eachZipMember}, for a tar inside a gzip. */
export async function eachTarMember(archive: Readable, open: (name: string) => MemberSink): Promise<boolean> {
  // The callback form: a failure arrives at whoever reads.
  const plain = pipeline(archive, createGunzip(), () => {});
  const entries = NodeReadable.toWeb(plain).pipeThrough(createTarDecoder({ strict: true }));
  try {
    for await (const { header, body } of entries) {
      if (header.type !== undefined && header.type !== "file") {
        await body.cancel();
        continue;
      }
      const sink = open(header.name);
      let bytes = 0;
      for await (const piece of body) {
        bytes += piece.length;
        sink.push(piece);
      }
      sink.end(bytes === header.size);
    }
  } catch {
    return false;
  }
  return true;
}
