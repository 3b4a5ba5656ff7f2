import { expect, it } from "vitest";
import type { Job, JobMemory } from "../../src/schedule/job.ts";
import { Notices, type Notice } from "../../src/schedule/notices.ts";

const HOUR = 3_600_000;

class Watched {
  readonly memories = new Map<string, JobMemory>();
  readonly notices = new Notices(this.memories);
  at = 0;

  ended(id: string, code?: string): Notice | undefined {
    const before = this.memories.get(id);
    const failures = code === undefined ? 0 : (before?.failures ?? 0) + 1;
    const succeededAt = code === undefined ? this.at : (before?.succeededAt ?? null);
    this.memories.set(id, {
      startedAt: this.at,
      endedAt: this.at,
      failures,
      succeededAt,
      error: code ?? null,
    });
    const job: Job = { id, kind: "backup", subject: "", regular: 0, spread: false };
    const outcome =
      code === undefined ? ({ ok: true, did: "" } as const) : ({ ok: false, code, message: "why" } as const);
    return this.notices.of({ event: "ended", at: this.at, job, outcome, durationMs: 0, next: null });
  }
}

it("a single failure is not told, a second one is, once, and that it works again", () => {
  const watched = new Watched();
  expect(watched.ended("a")).toBeUndefined();
  expect(watched.ended("a", "source-unreachable")).toBeUndefined();
  expect(watched.notices.isAlarmed).toBe(false);
  watched.at = HOUR;
  expect(watched.ended("a", "source-unreachable")).toEqual({
    notice: "failing",
    job: "a",
    at: HOUR,
    failures: 2,
    succeededAt: 0,
    error: { code: "source-unreachable", message: "why" },
  });
  expect(watched.notices.isAlarmed).toBe(true);
  for (watched.at = 2 * HOUR; watched.at < 25 * HOUR; watched.at += HOUR) {
    expect(watched.ended("a", "source-unreachable")).toBeUndefined();
  }
  watched.at = 25 * HOUR;
  expect(watched.ended("a", "source-unreachable")).toMatchObject({ notice: "failing", failures: 26 });
  expect(watched.ended("b", "source-unreachable")).toBeUndefined();
  expect(watched.ended("a")).toEqual({ notice: "recovered", job: "a", at: 25 * HOUR });
  expect(watched.notices.isAlarmed).toBe(false);
  expect(watched.ended("a")).toBeUndefined();
});

it("damage that a check finds is told at once", () => {
  expect(new Watched().ended("check", "check-failed")).toMatchObject({ notice: "failing", failures: 1 });
});

it("failures before a restart count", () => {
  const watched = new Watched();
  watched.memories.set("a", { startedAt: 0, endedAt: 0, failures: 7, succeededAt: null, error: "x" });
  expect(watched.ended("a", "source-unreachable")).toMatchObject({ failures: 8, succeededAt: null });
});

it("due times that cannot be worked out are told once until they can be", () => {
  const { notices } = new Watched();
  const failed = { event: "plan-failed", at: 5, error: new Error("storage is away") } as const;
  expect(notices.of(failed)).toEqual({ notice: "not-planning", at: 5, message: "storage is away" });
  expect(notices.of(failed)).toBeUndefined();
  expect(notices.isAlarmed).toBe(true);
  notices.of({ event: "planned", at: 6, jobs: 1, next: null });
  expect(notices.isAlarmed).toBe(false);
  expect(notices.of(failed)).toBeDefined();
});
