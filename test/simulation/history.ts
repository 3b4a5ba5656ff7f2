/**
 * One random history of a task, drawn from a seed: people edit, clocks move, runs, rollups and cleanups come and go, alone,
 * at once, or asleep for weeks in the middle of it; policies and holds change. After every step nothing may be broken.
 */
import { setTimeout } from "node:timers/promises";
import { DAY_MS, levelOfRuns } from "../../src/model/policy/policy.ts";
import { backup } from "../../src/operations/backup.ts";
import { carryOut, cleanUp, rollUp, run, WORKS, type Stage, type Work } from "./actors.ts";
import * as custody from "./custody.ts";
import { proveEnd } from "./end-proof.ts";
import { restoreInPlace } from "./in-place.ts";
import { interleave } from "./interleaving.ts";
import { beyondNumbers, finerWithAge } from "./laws.ts";
import { editedPolicy, randomPolicy } from "./policies.ts";
import { Random } from "./random.ts";
import { COLLECTION, simulatedRepository, TASK_TEXT, type SimHouse } from "./sim-house.ts";
import { Sleeper } from "./sleeper.ts";
import { watchedHouse, type Witness } from "./witness.ts";
import { editRandomly } from "./world.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** No step takes so long, whatever the machine. */
const STUCK_MS = 60_000;

/** What is told of a history that failed. */
export class HistoryFailed extends Error {
  constructor(seed: number, trace: readonly string[], violations: readonly string[], cause?: unknown) {
    const replay = `HOLDFAST_SIMULATION_SEED=${seed} npx vitest run test/simulation/model-`;
    const last = trace.slice(-12).map((line) => `  ${line}`);
    const listed = violations.slice(0, 8).map((line) => `  - ${line}`);
    super(
      [`seed ${seed}, step ${trace.length}`, ...listed, "after", ...last, `replay: ${replay}`].join("\n"),
      {
        cause,
      },
    );
  }
}

interface Asleep {
  readonly work: Work;
  readonly since: number;
  readonly sleeper: Sleeper<void>;
}

export class History implements Stage {
  readonly seed: number;
  readonly random: Random;
  readonly witness: Witness;
  readonly house: SimHouse;
  readonly trace: string[] = [];
  /** Days from one run to the next, at least and at most. */
  readonly #stride: readonly [number, number];
  #asleep: Asleep[] = [];
  /** What may happen: its name, how often of a thousand, and how. */
  readonly #steps: readonly (readonly [string, number, () => Promise<void>])[] = [
    ["run", 330, async () => this.#run()],
    ["backup", 90, async () => this.#backup()],
    ["rollup", 170, async () => this.#rollup()],
    ["cleanup", 80, async () => this.#cleanup()],
    ["at once", 80, async () => this.#atOnce()],
    ["fall asleep", 50, async () => this.#fallAsleep()],
    ["wake", 50, async () => this.#wake()],
    ["policy", 40, async () => this.#editPolicy()],
    ["hold", 40, async () => custody.layHold(this)],
    ["release", 20, async () => custody.release(this)],
    ["trash", 30, async () => custody.bringBack(this)],
    ["acknowledge", 15, async () => custody.acknowledgeFreeze(this)],
    ["erase", 10, async () => custody.eraseItem(this)],
    ["restore in place", 10, async () => restoreInPlace(this)],
    ["the collection is made anew", 7, async () => void this.house.service.create(COLLECTION)],
    ["the feed rewinds", 8, async () => this.#rewind()],
  ];

  constructor(seed: number) {
    this.seed = seed;
    this.random = new Random(seed);
    const watched = watchedHouse(simulatedRepository(seed));
    this.house = watched.house;
    this.witness = watched.witness;
    this.#stride = this.random.pick([
      [1, 1],
      [1, 3],
      [3, 12],
      [10, 40],
    ] as const);
    this.setPolicy(randomPolicy(this.random));
  }

  /** Errors: `HistoryFailed`. */
  async live(steps: number): Promise<void> {
    try {
      for (let edit = 0; edit < 12; edit++) this.#edit();
      await this.step("run", async () => this.#run());
      for (let step = 0; step < steps; step++) await this.#randomStep();
      while (this.#asleep.length > 0) await this.step("wake", async () => this.#wake());
      await this.step("end", async () => proveEnd(this));
    } catch (error) {
      if (error instanceof HistoryFailed) throw error;
      throw new HistoryFailed(this.seed, this.trace, [...this.witness.violations, describe(error)], error);
    }
  }

  async step(name: string, act: () => Promise<unknown>): Promise<void> {
    this.trace.push(`${new Date(this.house.time).toISOString()} ${name}`);
    const stop = new AbortController();
    const stuck = setTimeout(STUCK_MS, undefined, { signal: stop.signal }).then(() => {
      throw new Error("the step does not come to an end");
    });
    try {
      await Promise.race([act(), stuck]);
    } finally {
      stop.abort();
      stuck.catch(() => {});
    }
    if (this.witness.violations.length > 0) {
      throw new HistoryFailed(this.seed, this.trace, this.witness.violations);
    }
  }

  /** Adds to the line of the present step. */
  readonly note = (text: string): void => {
    this.trace.push(`    ${text}`);
  };

  readonly expect = (condition: boolean, what: string): void => {
    if (!condition) this.witness.violations.push(what);
  };

  setPolicy(policy: SimHouse["policy"]): void {
    this.house.policy = policy;
    const { dropTombstones, keep } = this.house.effective;
    if (dropTombstones && keep.yearly !== null) this.witness.forgetsTombstones = true;
  }

  async #randomStep(): Promise<void> {
    const { random } = this;
    if (random.chance(0.75)) this.#advance();
    const edits = random.chance(0.85) ? random.between(0, 6) : 0;
    for (let edit = 0; edit < edits; edit++) this.#edit();
    const [name, , act] = pickWeighted(this.#steps, random);
    await this.step(name, act);
  }

  #edit(): void {
    editRandomly(this.house.collection, this.random, this.house.time);
  }

  #advance(): void {
    const [least, most] = this.#stride;
    const isIntraday = levelOfRuns(this.house.effective) === "intraday";
    const pace = isIntraday ? this.random.between(1, 8) * HOUR_MS : this.random.between(least, most) * DAY_MS;
    const skipped = this.random.chance(0.05) ? this.random.between(5, 60) * DAY_MS : 0;
    this.house.time += pace + skipped + this.random.between(-40, 45) * MINUTE_MS;
  }

  /** To its beginning, or some way. */
  async #rewind(): Promise<void> {
    const { collection } = this.house;
    collection.rewind(this.random.below(2) * this.random.below(collection.sequence + 1));
  }

  async #editPolicy(): Promise<void> {
    this.setPolicy(editedPolicy(this.house.policy, this.random));
    this.note(JSON.stringify(this.house.policy));
  }

  /** The whole of it: run, rollup and cleanup. */
  async #backup(): Promise<void> {
    await using workspace = this.house.workspace();
    for await (const { state, maintenance } of backup(workspace, { select: [TASK_TEXT] })) {
      const { error } = maintenance ?? {};
      this.note(`backup: ${state}${error === undefined ? "" : `, then ${error.code}: ${error.message}`}`);
      this.expect(state === "committed", `a backup that nobody disturbed is ${state}`);
      this.expect(error === undefined, `what followed an undisturbed backup failed: ${error?.message}`);
    }
    this.#proveLaws();
  }

  /** A run that nobody disturbs always commits. */
  async #run(): Promise<void> {
    const right = this.random.chance(0.15) ? "write" : "read";
    const state = await run(this, { right, skew: this.#skew() });
    this.expect(state === "committed", `a run that nobody disturbed is ${state}`);
  }

  async #rollup(): Promise<void> {
    const before = this.witness.newest?.entries.map(({ to }) => to) ?? [];
    const foreseen = this.random.chance(0.3) ? await rollUp(this, {}, true) : undefined;
    const outcome = await rollUp(this, {});
    const manifest = this.witness.newest;
    if (manifest === undefined) return;
    const kept = new Set(manifest.entries.map(({ to }) => to));
    const gone = before.filter((to) => !kept.has(to));
    const told = outcome.drops.map(({ instant }) => instant).sort((a, b) => a - b);
    this.expect(gone.join() === told.join(), `gone are ${gone.join()}, told were ${told.join()}`);
    if (foreseen !== undefined) {
      const expected = foreseen.drops.map(({ instant }) => instant).sort((a, b) => a - b);
      this.expect(expected.join() === told.join(), `foreseen were ${expected.join()}, told ${told.join()}`);
    }
    if (manifest.freeze !== null) this.expect(outcome.generation === null, "a frozen timeline was rolled up");
    this.#proveLaws();
    if (this.random.chance(0.3)) {
      const again = await rollUp(this, {});
      this.expect(again.generation === null, "a rollup right after another found something to do");
    }
  }

  /** After a rollup by the present policy. */
  #proveLaws(): void {
    const manifest = this.witness.newest;
    if (manifest === undefined || manifest.freeze !== null) return;
    const { pins } = this.witness.held;
    for (const broken of beyondNumbers(manifest, this.house.effective, pins)) this.expect(false, broken);
    for (const broken of finerWithAge(manifest, pins)) this.expect(false, broken);
  }

  async #cleanup(): Promise<void> {
    await cleanUp(this, { skew: this.#skew() });
    await this.witness.lookAgain();
  }

  /** Two or three actors at once; no time passes, so none may fail. */
  async #atOnce(): Promise<void> {
    const works: Work[] = this.random.chance(0.5) ? ["rollup", "rollup"] : [this.#work(), this.#work()];
    if (this.random.chance(0.3)) works.push(this.#work());
    this.note(works.join(" and "));
    await interleave(
      this.random,
      works.map((work) => async (hook) => {
        const state = await carryOut(this, work, { hook, skew: this.#skew() });
        const fine = state === "committed" || (works.length > 1 && state.startsWith("superseded"));
        this.expect(fine, `${work} among others: ${state}`);
      }),
    );
    await this.witness.lookAgain();
  }

  async #fallAsleep(): Promise<void> {
    const work = this.#work();
    const actor = { skew: this.random.between(-72, 72) * HOUR_MS };
    const sleepsBefore = this.random.below(40);
    const sleeper = new Sleeper<void>(async (hook) => {
      const state = await carryOut(this, work, { ...actor, hook });
      // It may find that what it had written, or read from, was cleaned up; never does it commit what is not there.
      this.expect(/^(committed|superseded|failed object-missing)/.test(state), `${work} awoken: ${state}`);
    }, sleepsBefore);
    await sleeper.settled();
    this.#asleep.push({ work, since: this.house.time, sleeper });
    this.note(`${work} before call ${sleepsBefore}`);
  }

  async #wake(): Promise<void> {
    const [woken, ...others] = this.#asleep;
    if (woken === undefined) return;
    this.#asleep = others;
    this.note(`${woken.work}, asleep since ${new Date(woken.since).toISOString()}`);
    await woken.sleeper.wake();
    await this.witness.lookAgain();
  }

  #work(): Work {
    return this.random.pick(WORKS);
  }

  /** Most clocks are right to a minute, some are hours off. */
  #skew(): number {
    return this.random.chance(0.9)
      ? this.random.between(-60, 60) * 1_000
      : this.random.between(-10, 10) * HOUR_MS;
  }
}

/** One of the choices, the weightier the more often. */
function pickWeighted<T extends readonly [string, number, unknown]>(
  choices: readonly T[],
  random: Random,
): T {
  let draw = random.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  return choices.find(([, weight]) => (draw -= weight) < 0) ?? (choices[0] as T);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
