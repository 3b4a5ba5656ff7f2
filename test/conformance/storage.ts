/**
 * The storage contract under vitest: `describeStorage` runs every check against a backend. What a backend cannot keep
 * is skipped by title and with a reason, never silently.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STORAGE_CHECKS } from "../../src/repository/storage/conformance/verify.ts";
import type { Storage } from "../../src/repository/storage/storage.ts";

export interface Skip {
  /** The check's title. */
  readonly test: string;
  readonly reason: string;
}

export interface PreparedStorage {
  readonly storage: Storage;
  /** Lets the place go. */
  readonly dispose?: () => Promise<void>;
}

export function describeStorage(
  name: string,
  makeStorage: () => Promise<PreparedStorage>,
  { skip }: { readonly skip: readonly Skip[] } = { skip: [] },
): void {
  describe(`storage contract: ${name}`, () => {
    const titles = STORAGE_CHECKS.map(({ title }) => title);
    let prepared: PreparedStorage;

    beforeAll(async () => {
      prepared = await makeStorage();
    });
    afterAll(async () => {
      await prepared.storage.close();
      await prepared.dispose?.();
    });

    it("skips only checks that exist", () => {
      expect(skip.filter(({ test }) => !titles.includes(test))).toEqual([]);
    });

    for (const [index, check] of STORAGE_CHECKS.entries()) {
      const prefix = `check/${index}/`;
      const exception = skip.find(({ test }) => test === check.title);
      if (exception === undefined) {
        it(`${name} ${check.title}`, async () => {
          await check.run(prepared.storage, prefix);
        });
      } else {
        // Proves that the exception is still needed: a backend that has learnt the check loses its skip.
        it(`${name} need not, because ${exception.reason}: ${check.title}`, async () => {
          await expect(check.run(prepared.storage, prefix)).rejects.toThrow(/\S/);
        });
      }
    }
  });
}
