import { describe, expect, it } from "vitest";
import { ProgressReporter, type ProgressForm } from "../../src/cli/progress.ts";
import type { OperationProgress } from "../../src/operations/reports.ts";

const STEP = { operation: "backup", task: "prod/orders", phase: "read", bytes: 0 };

function reporter(form: ProgressForm, columns = 80) {
  let now = 1_000_000;
  const lines: string[] = [];
  const statuses: string[] = [];
  const made = new ProgressReporter(
    form,
    { line: (text) => lines.push(text), status: (text) => statuses.push(text), columns },
    { now: () => now },
  );
  return {
    lines,
    statuses,
    end: () => made.end(),
    after(ms: number, step: Partial<OperationProgress> & { done: number }) {
      now += ms;
      made.report({ ...STEP, ...step });
    },
  };
}

describe("progress", () => {
  it("is a line every few seconds where there is no terminal, and none for what is quick", () => {
    const log = reporter("lines");
    for (let second = 0; second < 4; second++) log.after(1_000, { done: second * 100, total: 2_000 });
    expect(log.lines).toEqual([]);
    for (let second = 4; second < 12; second++)
      log.after(1_000, { done: second * 100, total: 2_000, bytes: second * 2048 });
    expect(log.lines).toEqual([
      "backup prod/orders read: 20% 400 of 2,000, 16 s left, 100/s, 2.0 KiB/s".replace("20%", "20 %"),
      "backup prod/orders read: 45 % 900 of 2,000, 11 s left, 100/s, 2.0 KiB/s",
    ]);
  });

  it("is one line on a terminal that never fills its width and is taken away at the end", () => {
    for (const columns of [20, 40, 80, 200]) {
      const bar = reporter("bar", columns);
      for (let tick = 0; tick < 20; tick++) {
        bar.after(200, { done: tick * 1_000, total: 27_000, bytes: tick * 5_000_000, task: "x".repeat(60) });
      }
      bar.end();
      expect(Math.max(...bar.statuses.map((text) => Array.from(text).length))).toBeLessThan(columns);
      expect(bar.statuses.at(-1)).toBe("");
    }
  });

  it("shows how far, rate and time left", () => {
    const bar = reporter("bar", 120);
    bar.after(0, { done: 0, total: 10_000 });
    bar.after(5_000, { done: 5_000, total: 10_000, bytes: 5 * 1024 * 1024 });
    expect(bar.statuses.at(-1)).toMatch(
      /^backup prod\/orders read {2}█{10}░{10} {2}50 % {2}5,000 of 10,000 {2}5\.0 s left {2}1,000\/s {2}1\.0 MiB\/s$/,
    );
  });

  it("takes the rate from the last seconds, so that a throttled service is noticed", () => {
    const json = reporter("json");
    for (let second = 0; second < 20; second++) json.after(1_000, { done: second * 1_000, total: 100_000 });
    for (let second = 0; second < 15; second++)
      json.after(1_000, { done: 19_000 + second * 10, total: 100_000 });
    const last = JSON.parse(json.lines.at(-1) ?? "") as { progress: { rate: number } };
    expect(last.progress.rate).toBeLessThanOrEqual(10);
  });

  it("never says 100 % before the end, and no time left while nothing moves", () => {
    const bar = reporter("bar");
    bar.after(0, { done: 9_999, total: 10_000 });
    bar.after(1_000, { done: 9_999, total: 10_000 });
    expect(bar.statuses.at(-1)).toContain(" 99 %");
    expect(bar.statuses.at(-1)).not.toContain("left");
  });

  it("begins anew when the same operation does, and never shows a rate below nothing", () => {
    const json = reporter("json");
    for (let second = 0; second < 5; second++) json.after(1_000, { done: second * 1_000 });
    for (let second = 0; second < 5; second++) json.after(1_000, { done: second * 10 });
    const rates = json.lines.map(
      (line) => (JSON.parse(line) as { progress: { rate: number | null } }).progress.rate,
    );
    expect(rates).toEqual([null, 1_000, 1_000, 1_000, 1_000, null, 10, 10, 10, 10]);
  });

  it("is JSON lines at most once a second, with nulls for what is not known", () => {
    const json = reporter("json");
    for (let tick = 0; tick < 25; tick++) json.after(100, { done: tick });
    expect(json.lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { progress: { ...STEP, done: 0, rate: null, bytesPerSecond: null, leftMs: null } },
      { progress: { ...STEP, done: 10, rate: 10, bytesPerSecond: 0, leftMs: null } },
      { progress: { ...STEP, done: 20, rate: 10, bytesPerSecond: 0, leftMs: null } },
    ]);
  });

  it("is nothing with --quiet", () => {
    const none = reporter("none");
    for (let second = 0; second < 20; second++) none.after(1_000, { done: second });
    none.end();
    expect([...none.lines, ...none.statuses]).toEqual([]);
  });
});
