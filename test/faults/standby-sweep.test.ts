/**
 * A run of a standby whose service copies, with a failure at every storage call it makes: whatever was not written down, the next run finds what has
 * been copied and copies nothing twice.
 */
import { expect, it } from "vitest";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import { openFormHouse } from "../e2e/form-house.ts";
import { failCall, faultyStorage, loseAnswer, type Fault } from "./storage-faults.ts";

const V4 = "2024-11-30";
/** Half a minute, the longest that a run waits for a copy nobody has heard of, is over after 150 looks at the clock. */
const TICK_MS = 200;
/** A claim that could not be given back runs out in this time. */
const CLAIM_IS_OVER_MS = 11 * 60_000;

/** One run with a failure at its nth call, and one without. False when the run made fewer calls. */
async function struck(nth: number, faultAt: (call: number) => Fault): Promise<boolean> {
  const storage = faultyStorage(memoryStorage());
  await using house = await openFormHouse(V4, {}, {}, storage);
  const { sandbox, clock } = house;
  for (const id of ["invoices", "receipts"]) sandbox.makeModel("east", { id, apiVersion: V4 });
  sandbox.makeModel("west", { id: "foreign", apiVersion: V4 });
  await house.backUp();
  // What may still arrive is waited for by the clock, so it has to go.
  clock.now = () => (clock.time += TICK_MS);
  const first = storage.calls.length;
  storage.faults = [faultAt(first + nth)];
  await house.run();
  const when = `${nth}: ${storage.calls[first + nth]?.call} ${storage.calls[first + nth]?.path}`;
  const reached = storage.calls.length > first + nth;
  storage.faults = [];
  clock.advance(CLAIM_IS_OVER_MS);
  await sandbox.advance(CLAIM_IS_OVER_MS);
  const [row] = await house.run();
  expect(row, when).toMatchObject({ failed: 0, routes: { ready: 2, older: 0, missing: 0 } });
  expect(["applied", "in-step"], when).toContain(row?.state);
  const ready = sandbox.models("west").filter(({ status }) => status === "ready");
  expect(
    ready.map(({ id, tags }) => (id === "foreign" ? id : (tags["dr.model"] ?? ""))).toSorted(),
    when,
  ).toEqual(["foreign", "invoices", "receipts"]);
  return reached;
}

it.each([
  ["fails", (nth: number) => failCall({ nth })],
  ["is done and its answer lost", (nth: number) => loseAnswer({ nth })],
] as const)("nothing is copied twice or forgotten when a storage call %s", async (_, faultAt) => {
  let nth = 0;
  while (await struck(nth, faultAt)) nth++;
  // More than the ledger's steps alone.
  expect(nth).toBeGreaterThan(20);
});
