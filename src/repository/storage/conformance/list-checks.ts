/**
 * What `list` promises: everything, in byte order of the path, page after page.
 */
import { expectThat, inParallel, listed } from "./check.ts";
import type { StorageCheck } from "./check.ts";

/** More than two pages of 1,000, the largest page of S3. */
const MANY = 2_100;
const WRITERS = 32;

/** In byte order. A walk of directories by name would give another one: `a`, `a-b` and `a.b` lie around `a/`. */
const TRICKY_NAMES = [
  "-",
  ".hidden",
  "0",
  "A",
  "B/x",
  "_",
  "a-",
  "a-b/x",
  "a.b",
  "a.b-/x",
  "a/-",
  "a/b-c",
  "a/b.c/d",
  "a/b/c",
  "a/b0",
  "a/c",
  "a0",
  "aa/b",
  "a_",
  "b",
  "ba",
] as const;

export const LIST_CHECKS: readonly StorageCheck[] = [
  {
    title: "lists every object with its size in byte order of the whole path, folders or not",
    async run(storage, prefix) {
      const expected = [...TRICKY_NAMES].map((name) => prefix + name).sort();
      await inParallel(expected.length, WRITERS, async (index) => {
        await storage.create(expected[index] as string, Buffer.alloc(index));
      });
      const found = await listed(storage, prefix);
      expectThat(
        found.map(({ path }) => path).join() === expected.join(),
        `The order is ${found.map(({ path }) => path.slice(prefix.length)).join(" ")}.`,
      );
      expectThat(
        found.every(({ size }, index) => size === index),
        "A size is wrong.",
      );
      for (const [index, after] of expected.entries()) {
        const rest = await listed(storage, prefix, after);
        const right = rest.map(({ path }) => path).join() === expected.slice(index + 1).join();
        expectThat(right, `The listing after ${after.slice(prefix.length)} is wrong.`);
      }
      return `${expected.length} names, whole and after each of them`;
    },
  },
  {
    title: "takes a prefix as the beginning of paths, not as a folder",
    async run(storage, prefix) {
      await inParallel(TRICKY_NAMES.length, WRITERS, async (index) => {
        await storage.create(prefix + TRICKY_NAMES[index], Buffer.alloc(0));
      });
      for (const start of ["a", "a/", "a/b", "a/b.", "a.b-", "B/", "zz", "a/b/c", "a/b/c/d", "a/b/x/", "."]) {
        const found = (await listed(storage, prefix + start)).map(({ path }) => path.slice(prefix.length));
        const expected = TRICKY_NAMES.filter((name) => name.startsWith(start)).sort();
        expectThat(
          found.join() === expected.join(),
          `The prefix ${start} gives ${found.join(" ") || "nothing"}.`,
        );
      }
      return "11 prefixes";
    },
  },
  {
    title: "lists nothing where there is nothing",
    async run(storage, prefix) {
      expectThat((await listed(storage, prefix)).length === 0, "A prefix without objects lists something.");
      await storage.create(`${prefix}folder/object`, Buffer.alloc(0));
      await storage.remove(`${prefix}folder/object`);
      for (const start of ["", "folder", "folder/"]) {
        const found = await listed(storage, prefix + start);
        expectThat(found.length === 0, "A prefix whose last object was removed lists something.");
      }
      return "before the first object and after the last";
    },
  },
  {
    title: "lists thousands of objects page by page, from any point on",
    async run(storage, prefix, signal) {
      const pathOf = (index: number): string => `${prefix}many/${String(index).padStart(5, "0")}`;
      await inParallel(MANY, WRITERS, async (index) => {
        signal?.throwIfAborted();
        await storage.create(pathOf(index), Buffer.alloc(0));
      });
      const all = await listed(storage, prefix);
      const complete = all.length === MANY && all.every(({ path }, index) => path === pathOf(index));
      expectThat(complete, `${all.length} of ${MANY} objects are listed, or not in order.`);
      for (const index of [0, 998, 999, 1_000, 1_999, MANY - 2, MANY - 1]) {
        const rest = await listed(storage, prefix, pathOf(index));
        expectThat(
          rest.length === MANY - 1 - index,
          `${rest.length} objects are listed after number ${index}.`,
        );
        expectThat(rest[0]?.path !== pathOf(index), "The listing begins with `after` itself.");
      }
      let pages = 0;
      let after: string | undefined;
      for (let seen = 0; seen < MANY; pages++) {
        let onPage = 0;
        for await (const { path } of storage.list(prefix, after === undefined ? {} : { after })) {
          expectThat(path === pathOf(seen), `Object ${seen} is skipped or repeated.`);
          after = path;
          seen += 1;
          onPage += 1;
          if (onPage === 700) break;
        }
        expectThat(onPage > 0, `The listing ends after ${seen} of ${MANY} objects.`);
      }
      return `${MANY} objects, ${pages} continued listings`;
    },
  },
];
