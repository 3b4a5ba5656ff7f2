import { describe, expect, it } from "vitest";
import { nextDue } from "../../src/model/policy/schedule.ts";
import type { Job, JobMemory, JobOutcome } from "../../src/schedule/job.ts";
import { Scheduler, type ScheduleEvent, type SchedulerOptions } from "../../src/schedule/scheduler.ts";
import { parseWindow, type Window } from "../../src/schedule/windows.ts";
import { SimulatedTime } from "./simulated-time.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DONE: JobOutcome = { ok: true, did: "" };
const FAILED: JobOutcome = { ok: false, code: "source-unreachable", message: "no answer" };

interface Task {
  readonly subject: string;
  readonly every?: number;
  readonly timeOfDay?: string;
  readonly timezone?: string;
  /** How long a run takes. */
  readonly takes?: number;
  readonly outcome?: (run: number) => JobOutcome;
  /** When it last ran before the simulation. */
  readonly last?: string;
}

/** A server over simulated tasks. */
class House {
  readonly time: SimulatedTime;
  readonly memories = new Map<string, JobMemory>();
  readonly events: ScheduleEvent[] = [];
  /** When each run began, by subject. */
  readonly begun: Record<string, string[]> = {};
  most = 0;
  readonly #tasks: Task[];
  readonly #last = new Map<string, number>();
  #running = 0;
  #stop = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(start: string, tasks: readonly Task[]) {
    this.time = new SimulatedTime(start);
    this.#tasks = [...tasks];
    for (const { subject, last } of tasks) if (last !== undefined) this.#last.set(subject, Date.parse(last));
  }

  add(task: Task): void {
    this.#tasks.push(task);
  }

  start(options: Partial<SchedulerOptions> = {}): void {
    this.#stop = new AbortController();
    const scheduler = new Scheduler({
      time: this.time,
      memories: {
        get: (id) => this.memories.get(id),
        set: (id, memory) => void this.memories.set(id, memory),
      },
      jitterMs: 0,
      windows: [],
      timezone: "UTC",
      parallel: 4,
      perSource: 4,
      planEveryMs: 15 * MINUTE,
      plan: async () => this.#tasks.map((task) => this.#job(task)),
      renew: async ({ subject }) => {
        const task = this.#tasks.find((one) => one.subject === subject);
        return task && this.#job(task);
      },
      run: async (job, signal) => this.#run(job, signal),
      tell: (event) => this.events.push(event),
      ...options,
    });
    this.#done = scheduler.run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  #job(task: Task): Job {
    const { subject, every = DAY, timeOfDay = "02:00", timezone = "UTC" } = task;
    const last = this.#last.get(subject);
    const regular = nextDue({ every, timeOfDay, timezone }, last, this.time.now());
    const source = subject.split("/")[0] as string;
    const spread = last !== undefined && every % DAY === 0;
    return { id: `backup ${subject}`, kind: "backup", subject, source, regular, spread };
  }

  async #run({ subject }: Job, signal: AbortSignal): Promise<JobOutcome> {
    const began = this.time.now();
    const runs = (this.begun[subject] ??= []);
    runs.push(new Date(began).toISOString().replace(".000Z", "Z"));
    this.most = Math.max(this.most, ++this.#running);
    const task = this.#tasks.find((one) => one.subject === subject) as Task;
    await this.time.sleepUntil(began + (task.takes ?? MINUTE), signal);
    this.#running--;
    if (signal.aborted) return { ok: false, code: "interrupted", message: "" };
    const outcome = task.outcome?.(runs.length) ?? DONE;
    if (outcome.ok) this.#last.set(subject, began);
    return outcome;
  }
}

function windows(...texts: string[]): Window[] {
  return texts.map((text) => parseWindow(text) as Window);
}

describe("the scheduler", () => {
  it("runs each task at its time of day in its zone, also over the changes of the clocks", async () => {
    const house = new House("2026-03-27T12:00:00Z", [
      { subject: "a/berlin", timezone: "Europe/Berlin", timeOfDay: "02:30", last: "2026-03-27T01:30:00Z" },
      { subject: "a/utc", last: "2026-03-27T02:00:00Z" },
    ]);
    house.start();
    await house.time.passUntil("2026-03-30T12:00:00Z");
    await house.stop();
    expect(house.begun["a/berlin"]).toEqual([
      "2026-03-28T01:30:00Z",
      // 02:30 does not exist that day: as soon as the clocks show more.
      "2026-03-29T01:00:00Z",
      "2026-03-30T00:30:00Z",
    ]);
    expect(house.begun["a/utc"]).toEqual([
      "2026-03-28T02:00:00Z",
      "2026-03-29T02:00:00Z",
      "2026-03-30T02:00:00Z",
    ]);
  });

  it("does what was missed once, and what has never been done at once", async () => {
    const house = new House("2026-06-10T10:00:00Z", [
      { subject: "a/missed", last: "2026-06-01T02:00:00Z" },
      { subject: "a/new" },
      { subject: "a/hourly", every: HOUR, last: "2026-06-09T00:00:00Z" },
    ]);
    house.start();
    await house.time.passUntil("2026-06-11T12:00:00Z");
    await house.stop();
    expect(house.begun["a/missed"]).toEqual(["2026-06-10T10:00:00Z", "2026-06-11T02:00:00Z"]);
    expect(house.begun["a/new"]?.[0]).toBe("2026-06-10T10:00:00Z");
    expect(house.begun["a/hourly"]).toHaveLength(27);
  });

  it("never runs a job twice at the same time, however long it takes", async () => {
    const house = new House("2026-06-01T00:00:00Z", [{ subject: "a/slow", every: HOUR, takes: 5 * HOUR }]);
    house.start();
    await house.time.passUntil("2026-06-02T00:00:00Z");
    await house.stop();
    expect(house.most).toBe(1);
    expect(house.begun["a/slow"]).toEqual([
      "2026-06-01T00:00:00Z",
      "2026-06-01T05:00:00Z",
      "2026-06-01T10:00:00Z",
      "2026-06-01T15:00:00Z",
      "2026-06-01T20:00:00Z",
    ]);
  });

  it("keeps to the numbers under way, of all and of one source, and lets nobody wait for ever", async () => {
    const tasks = Array.from({ length: 30 }, (_, index) => ({
      subject: `${index < 24 ? "busy" : "calm"}/${index}`,
      takes: 10 * MINUTE,
    }));
    const house = new House("2026-06-01T00:00:00Z", tasks);
    house.start({ parallel: 4, perSource: 2 });
    await house.time.passUntil("2026-06-01T00:00:00Z");
    expect(house.most).toBe(4);
    await house.time.passUntil("2026-06-01T23:00:00Z");
    await house.stop();
    expect(house.most).toBe(4);
    expect(Object.keys(house.begun)).toHaveLength(30);
  });

  it("tries a failed job again after longer and longer, and is content with one success", async () => {
    const house = new House("2026-06-01T00:00:00Z", [
      { subject: "a/x", takes: 0, outcome: (run) => (run < 5 ? FAILED : DONE) },
    ]);
    house.start();
    await house.time.passUntil("2026-06-02T12:00:00Z");
    await house.stop();
    expect(house.begun["a/x"]).toEqual([
      "2026-06-01T00:00:00Z",
      "2026-06-01T00:05:00Z",
      "2026-06-01T00:15:00Z",
      "2026-06-01T00:35:00Z",
      "2026-06-01T01:15:00Z",
      "2026-06-02T02:00:00Z",
    ]);
    expect(house.memories.get("backup a/x")).toMatchObject({ failures: 0, error: null });
  });

  it("never gives a job up: six hours are the longest wait", async () => {
    const house = new House("2026-06-01T00:00:00Z", [{ subject: "a/x", takes: 0, outcome: () => FAILED }]);
    house.start();
    await house.time.passUntil("2026-06-30T00:00:00Z");
    await house.stop();
    const runs = house.begun["a/x"] as string[];
    const waits = runs.slice(1).map((run, index) => Date.parse(run) - Date.parse(runs[index] as string));
    expect(Math.max(...waits)).toBe(6 * HOUR);
    expect(runs.length).toBeGreaterThan(100);
    expect(house.memories.get("backup a/x")).toMatchObject({ error: "source-unreachable" });
  });

  it("begins jobs only in their windows, also those that are late", async () => {
    const house = new House("2026-06-01T09:00:00Z", [
      { subject: "a/new" },
      { subject: "a/noon", timeOfDay: "12:00", last: "2026-05-31T12:00:00Z" },
    ]);
    house.start({ windows: windows("22:00-06:00") });
    await house.time.passUntil("2026-06-02T12:00:00Z");
    await house.stop();
    expect(house.begun["a/new"]?.[0]).toBe("2026-06-01T22:00:00Z");
    expect(house.begun["a/noon"]).toEqual(["2026-06-01T22:00:00Z"]);
  });

  it("spreads regular times, each job always by the same part of the spread", async () => {
    const tasks = Array.from({ length: 200 }, (_, index) => ({
      subject: `a/${index}`,
      takes: 0,
      last: "2026-06-01T02:00:00Z",
    }));
    const house = new House("2026-06-01T12:00:00Z", tasks);
    house.start({ jitterMs: HOUR, parallel: 300, perSource: 300 });
    await house.time.passUntil("2026-06-03T12:00:00Z");
    await house.stop();
    const seconds = Object.values(house.begun).map((runs) =>
      runs.map((run) => Date.parse(run) - Date.parse(`${run.slice(0, 10)}T02:00:00Z`)),
    );
    const first = seconds.map(([offset]) => offset as number);
    expect(first.every((offset) => offset >= 0 && offset < HOUR)).toBe(true);
    expect(first.filter((offset) => offset < HOUR / 2).length).toBeGreaterThan(70);
    expect(first.filter((offset) => offset >= HOUR / 2).length).toBeGreaterThan(70);
    expect(seconds.every(([one, two]) => one === two)).toBe(true);
  });

  it("continues at once what a stop cut off, and knows after a restart what it was", async () => {
    const house = new House("2026-06-01T00:00:00Z", [{ subject: "a/long", takes: 3 * HOUR }]);
    house.start();
    await house.time.passUntil("2026-06-01T01:00:00Z");
    await house.stop();
    expect(house.memories.get("backup a/long")).toMatchObject({ endedAt: null, failures: 0 });
    house.start();
    await house.time.passUntil("2026-06-01T06:00:00Z");
    await house.stop();
    expect(house.begun["a/long"]).toEqual(["2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z"]);
    expect(house.memories.get("backup a/long")).toMatchObject({ failures: 0, error: null });
  });

  it("does not run into the same wall at full speed when each start is cut off", async () => {
    const house = new House("2026-06-01T00:00:00Z", [{ subject: "a/x", takes: 24 * HOUR }]);
    for (let restart = 1; restart <= 12; restart++) {
      house.start();
      await house.time.passUntil(`2026-06-01T00:${String(restart).padStart(2, "0")}:00Z`);
      await house.stop();
    }
    expect(house.begun["a/x"]).toEqual([
      "2026-06-01T00:00:00Z",
      "2026-06-01T00:01:00Z",
      "2026-06-01T00:06:00Z",
    ]);
  });

  it("learns of new tasks when it plans anew, and forgets those that are gone", async () => {
    const house = new House("2026-06-01T00:00:00Z", [{ subject: "a/x" }]);
    house.start({ planEveryMs: 15 * MINUTE });
    await house.time.passUntil("2026-06-01T01:01:00Z");
    house.add({ subject: "a/late" });
    await house.time.passUntil("2026-06-01T02:30:00Z");
    await house.stop();
    expect(house.begun["a/late"]).toEqual(["2026-06-01T01:15:00Z"]);
  });

  it("goes on with the jobs it knows while planning fails, and says so", async () => {
    const house = new House("2026-06-01T00:00:00Z", [{ subject: "a/x", every: HOUR, takes: 0 }]);
    let plans = 0;
    const job: Job = {
      id: "backup a/x",
      kind: "backup",
      subject: "a/x",
      source: "a",
      regular: Date.parse("2026-06-01T00:00:00Z"),
      spread: false,
    };
    house.start({
      plan: async () => {
        if (++plans > 1) throw new Error("no listing");
        return [job];
      },
    });
    await house.time.passUntil("2026-06-01T05:30:00Z");
    await house.stop();
    expect(house.begun["a/x"]).toHaveLength(6);
    expect(house.events.filter(({ event }) => event === "plan-failed").length).toBeGreaterThan(10);
  });
});
