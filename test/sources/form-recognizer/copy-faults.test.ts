import { describe, expect, it } from "vitest";
import type { Fault } from "../../../src/sandbox/form-recognizer/index.ts";
import type { ApiVersion } from "../../../src/sources/form-recognizer/config.ts";
import { CopyStand } from "./copy-stand.ts";

const LATER_MS = 26 * 3_600_000;
/** More than any of the runs here needs. */
const MOST_REQUESTS = 200;

/** One of each manner; copy-sweep.test.ts has them all. */
const VERSIONS: readonly ApiVersion[] = ["v2.1", "2024-11-30"];

const FAULTS: readonly (readonly [string, Fault])[] = [
  ["a failure before", { kind: "status", status: 500, times: 1 }],
  ["a failure after", { kind: "status-after", status: 500, times: 1 }],
  ["a cut connection before", { kind: "cut", times: 1 }],
  ["a lost answer of", { kind: "answer-lost", times: 1 }],
  ["throttling at", { kind: "status", status: 429, retryAfter: 0, times: 1 }],
];

/** A model to copy and one that is nobody's business. */
async function filled(version: ApiVersion): Promise<CopyStand> {
  const stand = await CopyStand.start(version);
  stand.make({ id: MODEL });
  stand.make({ id: FOREIGN, name: "theirs", created: "2020-01-01T00:00:00Z" }, "west");
  return stand;
}

const MODEL = "44834e05-353f-4d91-a680-31a0566a724e";
const FOREIGN = "0c1fdf03-6d1f-4cd5-9a94-d0e7ee4b1e0a";

/** What must be true once a run has gone through undisturbed, however many were disturbed before. */
async function expectSound(stand: CopyStand): Promise<void> {
  const outcomes = await stand.sync();
  expect(outcomes.filter(({ action }) => action === "failed")).toEqual([]);
  const verified = stand.ledger.of("verified");
  expect(verified.map(({ key }) => key).sort()).toEqual([`models/${MODEL}`]);
  const there = (): readonly string[] => stand.held().map(({ id, status }) => `${id} ${status}`);
  for (const { target } of verified) expect(there()).toContain(`${target} ready`);
  expect(there()).toContain(`${FOREIGN} ready`);
  expect(
    stand
      .held("east")
      .map(({ id }) => id)
      .sort(),
  ).toEqual([MODEL]);
  // Whatever else there is has a name in the ledger, but for a placeholder whose authorisation nobody heard.
  const named = new Set(stand.ledger.steps().map(({ target }) => target));
  const unnamed = stand.held().filter(({ id }) => id !== FOREIGN && !named.has(id));
  expect(unnamed.filter(({ status }) => status !== "creating")).toEqual([]);
  if (stand.apiVersion !== "v2.1") expect(unnamed).toEqual([]);
  else expect(unnamed.length).toBeLessThanOrEqual(1);
  // A day later nothing is left of failed attempts that can be deleted.
  await stand.sandbox.advance(LATER_MS);
  await stand.sync();
  const kept = stand
    .held()
    .filter(({ id, status }) => status !== "reserved" && !unnamed.some((model) => model.id === id));
  expect(kept.map(({ id }) => id).sort()).toEqual([FOREIGN, ...verified.map(({ target }) => target)].sort());
}

describe.for(VERSIONS)("a standby of %s", (version) => {
  it.for(FAULTS)("survives %s any request", async ([, fault]) => {
    let requests = MOST_REQUESTS;
    for (let after = 0; after < requests; after++) {
      await using stand = await filled(version);
      const armed = stand.sandbox.faults.add({ ...fault, after });
      await stand.sync().catch(() => undefined);
      if (stand.sandbox.requests.recent().length <= after) requests = after;
      stand.sandbox.faults.remove(armed);
      await expectSound(stand);
    }
    expect(requests).toBeLessThan(MOST_REQUESTS);
  });

  it("survives a kill after any answer", async () => {
    let killed = true;
    for (let after = 0; killed; after++) {
      await using stand = await filled(version);
      killed = await stand.sync({ killAfter: after }).then(
        () => false,
        () => true,
      );
      await expectSound(stand);
    }
  });

  it("survives a kill at any record of the ledger", async () => {
    let killed = true;
    for (let after = 0; killed; after++) {
      await using stand = await filled(version);
      stand.ledger.dieAfter = after;
      killed = await stand.sync().then(
        () => false,
        () => true,
      );
      stand.ledger.dieAfter = Number.POSITIVE_INFINITY;
      await expectSound(stand);
    }
  });
});
