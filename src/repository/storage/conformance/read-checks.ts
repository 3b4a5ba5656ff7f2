/**
 * What `read`, `stream`, `stat` and `remove` promise: exactly the bytes asked for, or an error that says why not.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { collect, expectFailure, expectThat, listed, patternBytes } from "./check.ts";
import type { StorageCheck } from "./check.ts";
import type { ByteRange, Storage } from "../storage.ts";

/** Bytes; more than one piece of any backend's stream. */
const OBJECT_BYTES = 1_000_003;
/** Bytes; a backend that keeps a whole object in memory cannot hide it among the rest of the process. */
const LARGE_PIECE_BYTES = 1024 * 1024;
const LARGE_PIECES = 192;
/** Bytes that buffers in use may grow meanwhile: pieces that are under way. */
const ALLOWED_GROWTH_BYTES = 96 * 1024 * 1024;

const RANGES: readonly ByteRange[] = [
  { offset: 0, length: OBJECT_BYTES },
  { offset: 0, length: 1 },
  { offset: OBJECT_BYTES - 1, length: 1 },
  { offset: 499_999, length: 300_001 },
  { offset: 12_345, length: 0 },
];

const BEYOND: readonly ByteRange[] = [
  { offset: OBJECT_BYTES, length: 1 },
  { offset: OBJECT_BYTES - 1, length: 2 },
  { offset: 2 * OBJECT_BYTES, length: 10 },
];

/** Node shows its collector to scripts only when asked to by a flag, which may be set at any time. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

async function streamed(storage: Storage, path: string, range?: ByteRange): Promise<Buffer> {
  return Buffer.concat(await collect(storage.stream(path, range)));
}

export const READ_CHECKS: readonly StorageCheck[] = [
  {
    title: "reads and streams exactly the range that is asked for",
    async run(storage, prefix) {
      const content = patternBytes(OBJECT_BYTES, 7);
      await storage.create(`${prefix}object`, content);
      expectThat(
        (await streamed(storage, `${prefix}object`)).equals(content),
        "Streaming gives other bytes.",
      );
      for (const range of RANGES) {
        const expected = content.subarray(range.offset, range.offset + range.length);
        const what = `${range.offset}+${range.length}`;
        const read = await storage.read(`${prefix}object`, range);
        expectThat(read.equals(expected), `Reading ${what} gives other bytes.`);
        const stream = await streamed(storage, `${prefix}object`, range);
        expectThat(stream.equals(expected), `Streaming ${what} gives other bytes.`);
      }
      return `${RANGES.length} ranges of ${OBJECT_BYTES} bytes`;
    },
  },
  {
    title: "says object-damaged for a range beyond the end, and never gives fewer bytes",
    async run(storage, prefix) {
      await storage.create(`${prefix}object`, patternBytes(OBJECT_BYTES, 8));
      await storage.create(`${prefix}empty`, Buffer.alloc(0));
      for (const range of BEYOND) {
        const what = `Reading ${range.offset}+${range.length} of ${OBJECT_BYTES} bytes`;
        await expectFailure(storage.read(`${prefix}object`, range), what, "object-damaged");
        await expectFailure(streamed(storage, `${prefix}object`, range), what, "object-damaged");
      }
      const first = { offset: 0, length: 1 };
      await expectFailure(storage.read(`${prefix}empty`, first), "Reading an empty object", "object-damaged");
      return `${BEYOND.length + 1} ranges`;
    },
  },
  {
    title: "says object-missing for an object that is not there, and stat says undefined",
    async run(storage, prefix) {
      await storage.create(`${prefix}folder/object`, Buffer.from("x"));
      for (const name of [
        "absent",
        "folder",
        "folder/objec",
        "folder/object2",
        "folder/object/below",
        "no/folder",
      ]) {
        const path = prefix + name;
        expectThat((await storage.stat(path)) === undefined, `stat finds ${name}.`);
        await expectFailure(storage.read(path), `Reading ${name}`, "object-missing");
        await expectFailure(streamed(storage, path), `Streaming ${name}`, "object-missing");
      }
      return "6 absent paths beside one that exists";
    },
  },
  {
    title: "streams a large object in and out in bounded memory",
    async run(storage, prefix, signal) {
      const piece = patternBytes(LARGE_PIECE_BYTES, 9);
      const before = process.memoryUsage().arrayBuffers;
      let highest = before;
      const measure = (): void => {
        let now = process.memoryUsage().arrayBuffers;
        // Garbage that nobody has looked for yet is not held by the storage.
        if (now - before > ALLOWED_GROWTH_BYTES) {
          collectGarbage();
          now = process.memoryUsage().arrayBuffers;
        }
        highest = Math.max(highest, now);
      };
      async function* source(): AsyncGenerator<Buffer> {
        for (let index = 0; index < LARGE_PIECES; index++) {
          measure();
          yield Buffer.from(piece);
        }
      }
      await storage.create(`${prefix}large`, source(), signal);
      let bytes = 0;
      for await (const part of storage.stream(`${prefix}large`, undefined, signal)) {
        measure();
        expectThat(part[0] === piece[bytes % LARGE_PIECE_BYTES], `Other bytes at ${bytes}.`);
        bytes += part.length;
      }
      expectThat(bytes === LARGE_PIECES * LARGE_PIECE_BYTES, `${bytes} bytes came back.`);
      const grownMiB = Math.round((highest - before) / 1024 / 1024);
      expectThat(highest - before <= ALLOWED_GROWTH_BYTES, `Buffers grew by ${grownMiB} MiB meanwhile.`);
      return `${LARGE_PIECES} MiB, buffers grew by ${grownMiB} MiB`;
    },
  },
  {
    title: "removes an object, and removing what is not there succeeds",
    async run(storage, prefix) {
      const path = `${prefix}folder/object`;
      await storage.create(path, Buffer.from("first"));
      await storage.create(`${path}2`, Buffer.from("neighbour"));
      await storage.remove(path);
      expectThat((await storage.stat(path)) === undefined, "A removed object is still there.");
      await expectFailure(storage.read(path), "Reading a removed object", "object-missing");
      await storage.remove(path);
      await storage.remove(`${prefix}never/was`);
      await storage.remove(`${prefix}folder`);
      expectThat((await listed(storage, prefix)).length === 1, "Its neighbour went with it.");
      expectThat(
        (await storage.create(path, Buffer.from("second"))) === "created",
        "It cannot be made again.",
      );
      expectThat((await storage.read(path)).toString() === "second", "It has other bytes.");
      return "once, twice, never there";
    },
  },
  {
    title: "stops reading when it is aborted",
    async run(storage, prefix) {
      await storage.create(`${prefix}object`, patternBytes(OBJECT_BYTES, 10));
      const reason = new Error("aborted on purpose");
      const aborted = AbortSignal.abort(reason);
      const calls = {
        read: storage.read(`${prefix}object`, undefined, aborted),
        stat: storage.stat(`${prefix}object`, aborted),
        remove: storage.remove(`${prefix}object`, aborted),
        stream: collect(storage.stream(`${prefix}object`, undefined, aborted)),
        list: collect(storage.list(prefix, { signal: aborted })),
      };
      for (const [name, call] of Object.entries(calls)) {
        const seen: unknown = await Promise.resolve(call).then(
          () => undefined,
          (error: unknown) => error,
        );
        expectThat(seen === reason, `An aborted ${name} does not end with the signal's reason.`);
      }
      expectThat(
        (await storage.stat(`${prefix}object`)) !== undefined,
        "An aborted remove removed the object.",
      );
      return "5 calls";
    },
  },
];
