import { expect, it } from "vitest";
import { HoldfastError } from "../../src/model/errors.ts";
import type { NextRunRow, ServeEvent } from "../../src/operations/reports.ts";
import { configured, holdfast, jsonLines } from "./harness.ts";

const PLANNED: ServeEvent = {
  event: "planned",
  at: "2026-06-01T11:45:00.000Z",
  jobs: 3,
  next: "2026-06-01T12:00:00.000Z",
};

const EVENTS: readonly ServeEvent[] = [
  PLANNED,
  { event: "planned", at: "2026-06-01T12:00:00.000Z", jobs: 3, next: "2026-06-01T12:00:00.000Z" },
  { event: "began", at: "2026-06-01T12:00:00.000Z", job: "backup prod/orders", lateMs: 36_000_000 },
  { event: "began", at: "2026-06-01T12:00:00.000Z", job: "backup prod/people", lateMs: 10 },
  {
    event: "ended",
    at: "2026-06-01T12:00:05.000Z",
    job: "backup prod/orders",
    durationMs: 5_000,
    next: "2026-06-02T02:00:00.000Z",
    ok: true,
    did: "delta: 2 items, 0 deleted, 80 bytes stored",
  },
  {
    event: "ended",
    at: "2026-06-01T12:00:06.000Z",
    job: "backup prod/people",
    durationMs: 6_000,
    next: "2026-06-01T12:05:06.000Z",
    ok: false,
    error: { code: "source-unreachable", message: "prod does not answer." },
  },
  { event: "plan-failed", at: "2026-06-01T12:15:00.000Z", message: "The repository does not answer." },
];

function serving(events: readonly ServeEvent[] = EVENTS) {
  return configured({
    serve: async (_workspace, _settings, _memories, tell) => {
      for (const event of events) tell(event);
    },
  });
}

it("serve writes a line for what ends, and for what begins late", async () => {
  const { exit, stdout } = await holdfast(["serve"], serving());
  expect(exit).toBe(0);
  expect(stdout.split("\n")).toEqual([
    // The second time there is nothing new to say.
    "2026-06-01T11:45:00Z  3 jobs; next at 2026-06-01T12:00:00Z",
    "2026-06-01T12:00:00Z  backup prod/orders begins, 10 h 00 min late",
    "2026-06-01T12:00:05Z  ok      backup prod/orders: delta: 2 items, 0 deleted, 80 bytes stored, 5.0 s; next at 2026-06-02T02:00:00Z",
    "2026-06-01T12:00:06Z  FAILED  backup prod/people: source-unreachable: prod does not answer.; tried again at 2026-06-01T12:05:06Z",
    "2026-06-01T12:15:00Z  due times could not be worked out, the known ones stay: The repository does not answer.",
    "",
  ]);
});

it("serve --json writes every event as a line", async () => {
  const { stdout } = await holdfast(["serve", "--json"], serving());
  expect(jsonLines(stdout)).toEqual(EVENTS);
});

it("serve ends with the code of what keeps it from working", async () => {
  const scene = configured({
    serve: async () => Promise.reject(new HoldfastError("task-busy", "Another server uses /srv.")),
  });
  const { exit, stderr } = await holdfast(["serve"], scene);
  expect([exit !== 0, stderr]).toEqual([true, expect.stringContaining("Another server uses /srv.")]);
});

it("schedule shows what comes next and why, of the chosen tasks, as many as wanted", async () => {
  const rows: NextRunRow[] = [
    { at: "2026-06-01T12:00:00.000Z", job: "backup prod/orders", why: "now" },
    { at: "2026-06-01T12:05:00.000Z", job: "backup prod/people", why: "retry" },
    { at: "2026-06-02T02:00:00.000Z", job: "backup prod/orders", why: "regular" },
  ];
  const asked: unknown[] = [];
  const scene = configured({
    listNextRuns: async (_workspace, _settings, _memories, request) => {
      asked.push(request);
      return rows;
    },
  });
  const { exit, stdout } = await holdfast(["schedule", "prod", "-n", "3"], scene);
  expect([exit, asked]).toEqual([0, [{ select: ["prod"], count: 3 }]]);
  expect(stdout.split("\n").map((line) => line.trim())).toEqual([
    "AT                    JOB",
    "2026-06-01T12:00:00Z  backup prod/orders  is due",
    "2026-06-01T12:05:00Z  backup prod/people  failed before",
    "2026-06-02T02:00:00Z  backup prod/orders",
    "",
  ]);
  expect((await holdfast(["schedule", "-n", "0"], scene)).exit).toBe(2);
});
