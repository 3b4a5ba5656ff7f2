/**
 * The time of the Watson stand-ins.
 */
import { expect, test } from "vitest";

import { ManualClock, RealClock } from "../../src/sandbox/http/clock.ts";

test("setting a manual clock forward runs what became due, in order of time, at its time", async () => {
  const clock = new ManualClock(1000);
  const ran: string[] = [];
  const note =
    (name: string): (() => void) =>
    () =>
      ran.push(`${name} at ${clock.now()}`);
  clock.at(1300, note("late"));
  clock.at(1100, note("first"));
  clock.at(5000, note("never"));
  const cancel = clock.at(1150, note("cancelled"));
  clock.at(1200, async () => {
    await Promise.resolve();
    note("second")();
    clock.at(1250, note("made by the second"));
  });
  cancel();
  await clock.advance(500);
  expect(ran).toEqual(["first at 1100", "second at 1200", "made by the second at 1250", "late at 1300"]);
  expect(clock.now()).toBe(1500);
});

test("what is due already happens without an advance, but not within the call", async () => {
  for (const clock of [new ManualClock(0), new RealClock()]) {
    const done = Promise.withResolvers<string>();
    let called = "before";
    clock.at(clock.now(), () => {
      done.resolve(called);
    });
    called = "after";
    expect(await done.promise).toBe("after");
  }
});

test("a closed clock runs nothing any more", async () => {
  const manual = new ManualClock(0);
  const real = new RealClock();
  const ran: string[] = [];
  const note = (): void => {
    ran.push("ran");
  };
  manual.at(0, note);
  real.at(0, note);
  manual.close();
  real.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await manual.advance(10);
  expect(ran).toEqual([]);
});
