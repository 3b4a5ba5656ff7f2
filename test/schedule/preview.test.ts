import { expect, it } from "vitest";
import { nextDue } from "../../src/model/policy/schedule.ts";
import type { Job, JobMemory } from "../../src/schedule/job.ts";
import { nextRuns, type RecurringJob } from "../../src/schedule/preview.ts";
import { parseWindow, type Window } from "../../src/schedule/windows.ts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-06-01T12:00:00Z");
const RULES = { jitterMs: 0, windows: [], timezone: "UTC" } as const;

function recurring(subject: string, every: number, regular: string, timezone = "UTC"): RecurringJob {
  const job: Job = {
    id: `backup ${subject}`,
    kind: "backup",
    subject,
    regular: Date.parse(regular),
    spread: false,
  };
  const policy = { every, timeOfDay: "02:00", timezone };
  return { job, after: (start) => ({ ...job, regular: nextDue(policy, start, start) }) };
}

function preview(
  jobs: readonly RecurringJob[],
  more: { readonly memories?: Record<string, JobMemory>; readonly windows?: readonly Window[] } = {},
  count = 6,
): string[] {
  const memories = { get: (id: string) => more.memories?.[id] };
  const rules = { ...RULES, windows: more.windows ?? [] };
  return nextRuns(jobs, memories, rules, NOW, count).map(
    ({ at, job, why }) => `${new Date(at).toISOString().slice(0, 16)} ${job.subject} ${why}`,
  );
}

it("tells the coming runs of all jobs in order, over a change of the clocks", () => {
  const daily = recurring("a/daily", 24 * HOUR, "2026-06-02T02:00:00Z");
  const sixHourly = recurring("a/often", 6 * HOUR, "2026-06-01T11:00:00Z");
  expect(preview([daily, sixHourly])).toEqual([
    "2026-06-01T12:00 a/often now",
    "2026-06-01T18:00 a/often regular",
    "2026-06-02T00:00 a/often regular",
    "2026-06-02T02:00 a/daily regular",
    "2026-06-02T06:00 a/often regular",
    "2026-06-02T12:00 a/often regular",
  ]);
  const berlin = recurring("a/berlin", 24 * HOUR, "2026-10-24T00:00:00Z", "Europe/Berlin");
  expect(preview([berlin], {}, 3)).toEqual([
    "2026-10-24T00:00 a/berlin regular",
    "2026-10-25T00:00 a/berlin regular",
    "2026-10-26T01:00 a/berlin regular",
  ]);
});

it("says what is tried again after a failure, in a window", () => {
  const missed = recurring("a/x", 24 * HOUR, "2026-06-01T02:00:00Z");
  const failed = {
    startedAt: NOW - 60_000,
    endedAt: NOW - 60_000,
    failures: 2,
    succeededAt: null,
    error: "x",
  };
  expect(preview([missed], { memories: { "backup a/x": failed } }, 2)).toEqual([
    "2026-06-01T12:09 a/x retry",
    "2026-06-02T02:00 a/x regular",
  ]);
  const windows = [parseWindow("22:00-23:00") as Window];
  expect(preview([missed], { memories: { "backup a/x": failed }, windows }, 1)).toEqual([
    "2026-06-01T22:00 a/x retry",
  ]);
});

it("ends where nothing more is known", () => {
  const once: RecurringJob = { ...recurring("a", HOUR, "2026-06-01T12:00:00Z"), after: () => undefined };
  expect(preview([once])).toEqual(["2026-06-01T12:00 a now"]);
  expect(preview([])).toEqual([]);
});
