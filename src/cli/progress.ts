/**
 * How far an operation is: a single line that is redrawn on a terminal, a line every few seconds elsewhere, JSON lines
 * with `--json`. Rate and time left come from the last seconds, not from the beginning.
 */
import type { Clock, Millis } from "../model/clock.ts";
import type { OperationProgress } from "../operations/reports.ts";
import { countText, durationText, shortened, sizeText, visible } from "./format.ts";
import type { ProgressLine } from "./json-types.ts";

export type ProgressForm = "bar" | "lines" | "json" | "none";

/** Shortest time between two outputs of each form, ms. A bar faster than this flickers; a log slower looks stuck. */
const INTERVAL_MS: Readonly<Record<Exclude<ProgressForm, "none">, number>> = {
  bar: 100,
  lines: 5_000,
  json: 1_000,
};

/** Rates are taken over this window (ms): steady enough to read, quick enough to follow a throttled service. */
const RATE_WINDOW_MS = 10_000;

const BAR_WIDTH = 20;

/** A rate from less time than this (ms) is noise. */
const SHORTEST_SAMPLE_MS = 500;

/** Samples closer together than this (ms) tell nothing more; an operation may report thousands of steps a second. */
const SAMPLE_GAP_MS = 100;

interface Sample {
  readonly at: Millis;
  readonly done: number;
  readonly bytes: number;
}

/** A step with what was worked out from the steps before it. */
export interface Pace {
  readonly step: OperationProgress;
  /** Per second; undefined while unknown. */
  readonly rate: number | undefined;
  readonly bytesPerSecond: number | undefined;
  readonly leftMs: number | undefined;
}

/** What carries the lines out; `status` replaces the one line that stays, an empty text removes it. */
export interface ProgressSink {
  line(text: string): void;
  status(text: string): void;
  readonly columns: number;
}

export class ProgressReporter {
  readonly #form: ProgressForm;
  readonly #sink: ProgressSink;
  readonly #clock: Clock;
  readonly #samples = new Map<string, Sample[]>();
  #shownAt: Millis;

  constructor(form: ProgressForm, sink: ProgressSink, clock: Clock) {
    this.#form = form;
    this.#sink = sink;
    this.#clock = clock;
    // A log line comes only for what takes long; a bar and JSON begin at once.
    this.#shownAt = form === "lines" ? clock.now() : -Infinity;
  }

  report(step: OperationProgress): void {
    if (this.#form === "none") return;
    const now = this.#clock.now();
    const pace = this.#pace(step, now);
    if (now - this.#shownAt < INTERVAL_MS[this.#form]) return;
    this.#shownAt = now;
    if (this.#form === "json") this.#sink.line(JSON.stringify(progressLine(pace)));
    else if (this.#form === "bar") this.#sink.status(barText(pace, this.#sink.columns));
    else this.#sink.line(lineText(pace));
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#form === "bar") this.#sink.status("");
  }

  #pace(step: OperationProgress, now: Millis): Pace {
    const key = `${step.operation}\n${step.task}\n${step.phase}`;
    let samples = this.#samples.get(key) ?? [];
    const newest = samples.at(-1);
    // A number that went back belongs to a new operation of the same name.
    if (newest === undefined || step.done < newest.done) this.#samples.set(key, (samples = []));
    if (samples.length === 0 || now - (samples.at(-1) as Sample).at >= SAMPLE_GAP_MS) {
      samples.push({ at: now, done: step.done, bytes: step.bytes });
    }
    while (samples.length > 2 && now - (samples[1] as Sample).at >= RATE_WINDOW_MS) samples.shift();
    const first = samples[0] as Sample;
    const seconds = (now - first.at) / 1_000;
    if (now - first.at < SHORTEST_SAMPLE_MS) {
      return { step, rate: undefined, bytesPerSecond: undefined, leftMs: undefined };
    }
    const rate = (step.done - first.done) / seconds;
    const left =
      step.total === undefined || rate <= 0 ? undefined : ((step.total - step.done) / rate) * 1_000;
    return {
      step,
      rate,
      bytesPerSecond: (step.bytes - first.bytes) / seconds,
      leftMs: left && Math.max(0, left),
    };
  }
}

function progressLine({ step, rate, bytesPerSecond, leftMs }: Pace): ProgressLine {
  return {
    progress: {
      ...step,
      rate: rounded(rate),
      bytesPerSecond: rounded(bytesPerSecond),
      leftMs: rounded(leftMs),
    },
  };
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}

/** Everything but the bar itself, in the order of how much it matters. */
function parts({ step, rate, bytesPerSecond, leftMs }: Pace): string[] {
  const texts = [
    step.total === undefined ? countText(step.done) : `${countText(step.done)} of ${countText(step.total)}`,
  ];
  if (leftMs !== undefined && leftMs > 0) texts.push(`${durationText(leftMs)} left`);
  if (rate !== undefined) texts.push(`${countText(rate)}/s`);
  if (bytesPerSecond !== undefined && bytesPerSecond > 0) texts.push(`${sizeText(bytesPerSecond)}/s`);
  return texts;
}

function titleOf(step: OperationProgress): string {
  return visible([step.operation, ...(step.task === null ? [] : [step.task]), step.phase].join(" "));
}

function barText(pace: Pace, columns: number): string {
  const { step } = pace;
  const share =
    step.total === undefined || step.total === 0 ? undefined : Math.min(1, step.done / step.total);
  const filled = share === undefined ? 0 : Math.round(share * BAR_WIDTH);
  const bar =
    share === undefined ? "" : `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${percent(share)}  `;
  const rest = parts(pace);
  while (rest.length > 1 && bar.length + rest.join("  ").length > columns - 24) rest.pop();
  const tail = `${bar}${rest.join("  ")}`;
  // One column stays free: a full line would make some terminals wrap.
  const title = shortened(titleOf(step), Math.max(8, columns - tail.length - 3));
  return shortened(`${title}  ${tail}`, columns - 1);
}

function lineText(pace: Pace): string {
  const { step } = pace;
  const share =
    step.total === undefined || step.total === 0
      ? ""
      : ` ${percent(Math.min(1, step.done / step.total)).trim()}`;
  return `${titleOf(step)}:${share} ${parts(pace).join(", ")}`;
}

function percent(share: number): string {
  // 100 % only when it is: rounding up would claim an end that has not come.
  return `${String(Math.floor(share * 100)).padStart(3)} %`;
}
