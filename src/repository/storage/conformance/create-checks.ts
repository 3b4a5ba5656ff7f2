/**
 * What `create` promises: all or nothing, once, and never in place of something else.
 */
import {
  collect,
  expectFailure,
  expectNothing,
  expectThat,
  inParallel,
  listed,
  patternBytes,
} from "./check.ts";
import type { StorageCheck } from "./check.ts";

const RACE_ROUNDS = 25;
const RACE_WRITERS = 16;
/** Bytes; more than one packet or page, so that two mixed writes would show. */
const RACE_BYTES = 20_000;
const PIECE_BYTES = 64 * 1024;
const PIECES = 8;

const SOURCE_FAILURE = "the source of the bytes failed on purpose";

async function* pieces(betweenPieces: (index: number) => Promise<void> | void): AsyncGenerator<Buffer> {
  for (let index = 0; index < PIECES; index++) {
    yield patternBytes(PIECE_BYTES, index);
    await betweenPieces(index);
  }
}

export const CREATE_CHECKS: readonly StorageCheck[] = [
  {
    title: "creates an object with exactly the bytes that were given, at once or as a stream",
    async run(storage, prefix) {
      const whole = Buffer.concat(await collect(pieces(() => undefined)));
      expectThat(
        (await storage.create(`${prefix}whole`, whole)) === "created",
        "A new object is not created.",
      );
      const outcome = await storage.create(
        `${prefix}streamed`,
        pieces(() => undefined),
      );
      expectThat(outcome === "created", "A new object is not created from a stream.");
      for (const name of ["whole", "streamed"]) {
        expectThat((await storage.read(prefix + name)).equals(whole), `The ${name} object has other bytes.`);
        expectThat(
          (await storage.stat(prefix + name))?.size === whole.length,
          `The ${name} object's size is wrong.`,
        );
      }
      return `${whole.length} bytes, both ways`;
    },
  },
  {
    title: "creates an object without bytes",
    async run(storage, prefix) {
      expectThat(
        (await storage.create(`${prefix}empty`, Buffer.alloc(0))) === "created",
        "It is not created.",
      );
      expectThat((await storage.read(`${prefix}empty`)).length === 0, "It has bytes.");
      expectThat((await storage.stat(`${prefix}empty`))?.size === 0, "Its size is not 0.");
      return "0 bytes";
    },
  },
  {
    title: "never replaces an object: a second create says exists, whether its content differs or not",
    async run(storage, prefix) {
      const path = `${prefix}object`;
      const first = patternBytes(RACE_BYTES, 1);
      await storage.create(path, first);
      for (const content of [first, patternBytes(RACE_BYTES, 2), Buffer.alloc(0)]) {
        expectThat(
          (await storage.create(path, content)) === "exists",
          "The second create does not say exists.",
        );
        expectThat((await storage.read(path)).equals(first), "The second create changed the object.");
      }
      return "same, other and empty content";
    },
  },
  {
    title:
      "has exactly one winner when many writers create one object at the same time, and keeps the winner's bytes",
    async run(storage, prefix, signal) {
      for (let round = 0; round < RACE_ROUNDS; round++) {
        signal?.throwIfAborted();
        const path = `${prefix}race-${round}`;
        const contents = Array.from({ length: RACE_WRITERS }, (_, writer) =>
          patternBytes(RACE_BYTES, round * RACE_WRITERS + writer),
        );
        const outcomes = await Promise.all(
          contents.map(async (content) => await storage.create(path, content)),
        );
        const winners = contents.filter((_, writer) => outcomes[writer] === "created");
        expectThat(winners.length === 1, `Round ${round + 1} had ${winners.length} winners.`);
        const kept = await storage.read(path);
        expectThat(
          kept.equals(winners[0] as Buffer),
          `Round ${round + 1} kept other bytes than the winner's.`,
        );
      }
      return `${RACE_ROUNDS} rounds of ${RACE_WRITERS} writers`;
    },
  },
  {
    title: "shows nothing of an object before it is complete",
    async run(storage, prefix) {
      const path = `${prefix}slow`;
      const source = pieces(async (index) => {
        if (index % 2 === 0) await expectNothing(storage, path, "while it is being created");
      });
      await storage.create(path, source);
      const size = (await storage.stat(path))?.size;
      expectThat(size === PIECES * PIECE_BYTES, "The object is not whole when create returns.");
      return `looked ${PIECES / 2} times between pieces`;
    },
  },
  {
    title: "leaves nothing when the source of the bytes fails, and passes its error on",
    async run(storage, prefix) {
      const path = `${prefix}failing`;
      const failure = new Error(SOURCE_FAILURE);
      const source = pieces((index) => {
        if (index === PIECES / 2) throw failure;
      });
      let seen: unknown;
      await storage.create(path, source).catch((error: unknown) => {
        seen = error;
      });
      expectThat(seen === failure, "The source's own error does not come out of create.");
      await expectNothing(storage, path, "after its source failed");
      expectThat(
        (await storage.create(path, Buffer.from("again"))) === "created",
        "It cannot be created again.",
      );
      return `failed after ${PIECES / 2 + 1} of ${PIECES} pieces`;
    },
  },
  {
    title: "leaves nothing when it is aborted, and does not wait for the source then",
    async run(storage, prefix) {
      const path = `${prefix}aborted`;
      const controller = new AbortController();
      const reason = new Error("aborted on purpose");
      const never = Promise.withResolvers<void>();
      const source = pieces(async (index) => {
        if (index !== 1) return;
        controller.abort(reason);
        await never.promise;
      });
      let seen: unknown;
      await storage.create(path, source, controller.signal).catch((error: unknown) => {
        seen = error;
      });
      never.resolve();
      expectThat(seen === reason, "The signal's reason does not come out of create.");
      await expectNothing(storage, path, "after an abort");
      const late = storage.create(path, Buffer.from("late"), controller.signal);
      expectThat(
        (await late.catch(() => "refused")) === "refused",
        "An aborted signal does not stop create.",
      );
      await expectNothing(storage, path, "after a create with an aborted signal");
      return "aborted in the middle of a stream and before the start";
    },
  },
  {
    title: "keeps many objects apart that are created at the same time",
    async run(storage, prefix) {
      const count = 100;
      await inParallel(count, RACE_WRITERS, async (index) => {
        await storage.create(`${prefix}deep/${index % 7}/object-${index}`, patternBytes(index, index));
      });
      await inParallel(count, RACE_WRITERS, async (index) => {
        const bytes = await storage.read(`${prefix}deep/${index % 7}/object-${index}`);
        expectThat(bytes.equals(patternBytes(index, index)), `Object ${index} has other bytes.`);
      });
      expectThat(
        (await listed(storage, prefix)).length === count,
        "The listing shows more or fewer objects.",
      );
      return `${count} objects in 7 folders`;
    },
  },
  {
    title: "refuses paths that lead outside the repository or into its temporary folder",
    async run(storage, prefix) {
      const paths = ["", "/", `${prefix}../x`, "..", "./x", `/${prefix}x`, `${prefix}x/`, `${prefix}/x`];
      const others = [`${prefix}a b`, `${prefix}a\\b`, `${prefix}ä`, `${prefix}\0`, "tmp/x", "tmp"];
      for (const path of [...paths, ...others]) {
        const what = `The path ${JSON.stringify(path)}`;
        await expectFailure(storage.create(path, Buffer.alloc(1)), what, "internal");
        await expectFailure(storage.read(path), what, "internal");
        await expectFailure(storage.stat(path), what, "internal");
        await expectFailure(storage.remove(path), what, "internal");
      }
      for (const start of ["../", "/", `${prefix}../x`, `${prefix}/x`, "./", "tmp/", "tmp/x"]) {
        const what = `Listing the prefix ${JSON.stringify(start)}`;
        await expectFailure(listed(storage, start), what, "internal");
      }
      return `${paths.length + others.length} paths, 4 calls each, and 7 prefixes`;
    },
  },
];
