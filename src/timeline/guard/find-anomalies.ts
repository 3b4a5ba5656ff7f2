/**
 * The anomaly guard: whether a run looks like an accident or an attack rather than like work. Pure over manifests: it needs
 * counts and sizes only, so that an agent that may not read can do it.
 *
 * A run is marked when it exceeds both a threshold of the policy and what is ordinary for its task (`ordinary.ts`).
 */
import { formatInstant } from "../../model/instant.ts";
import type { AnomalyThresholds } from "../../model/policy/policy.ts";
import type { Anomaly, Manifest, RunFigures, TimelineEntry } from "../../repository/manifest.ts";
import {
  bytesBefore,
  changedShare,
  compressed,
  figuresOf,
  growth,
  lastGood,
  liveBefore,
  removedShare,
  runFigures,
  shrunk,
} from "./figures.ts";
import { median, mostOrdinary, mostOrdinaryShare, type Past } from "./ordinary.ts";

/** A run is compared with those that had at least this part of its items: a collection's first days say little of it. */
const COMPARABLE_PART = 0.1;
/** Runs before growth is judged: a young collection is still being filled. */
const MIN_GROWTH_RUNS = 5;
/** Less than this is no flood, whatever it is a multiple of. */
const MIN_GROWTH_BYTES = 16 << 20;
/** Below this a segment's tables weigh more than what its bodies compress to. */
const MIN_ENTROPY_BYTES = 256 << 10;

/** Why `entry`, about to follow `before`, should be marked; empty for an ordinary run. */
export function findAnomalies(
  before: Manifest | undefined,
  entry: TimelineEntry,
  thresholds: AnomalyThresholds,
): readonly Anomaly[] {
  if (!thresholds.enabled) return [];
  const past = figuresOf(before);
  const last = past.at(-1);
  if (last === undefined) return [];
  const good = lastGood(before);
  const end = good === null ? "No run before it was good." : `The last good run is ${formatInstant(good)}.`;
  return new Judgement(past, last, runFigures(last, entry), thresholds, end).all();
}

class Judgement {
  readonly #past: readonly RunFigures[];
  readonly #last: RunFigures;
  readonly #run: RunFigures;
  readonly #thresholds: AnomalyThresholds;
  /** The sentence that ends every message. */
  readonly #end: string;

  constructor(
    past: readonly RunFigures[],
    last: RunFigures,
    run: RunFigures,
    thresholds: AnomalyThresholds,
    end: string,
  ) {
    this.#past = past;
    this.#last = last;
    this.#run = run;
    this.#thresholds = thresholds;
    this.#end = end;
  }

  all(): readonly Anomaly[] {
    const found = [this.#deletion(), this.#rewrite(), this.#growth(), this.#entropy(), this.#shrunk()];
    return found.filter((anomaly) => anomaly !== undefined);
  }

  #deletion(): Anomaly | undefined {
    const run = this.#run;
    const limit = this.#shareLimit(removedShare, this.#thresholds.deletedShare);
    if (limit === undefined || removedShare(run) <= limit) return undefined;
    const what = `${this.#items(run.removed)} that were kept are gone`;
    return this.#mark("mass-deletion", removedShare(run), limit, `${what}; ${this.#ordinary(limit)}`);
  }

  #rewrite(): Anomaly | undefined {
    const run = this.#run;
    const limit = this.#shareLimit(changedShare, this.#thresholds.changedShare);
    if (limit === undefined || changedShare(run) <= limit) return undefined;
    const what = `${this.#items(run.changed)} that were kept have changed`;
    return this.#mark("mass-rewrite", changedShare(run), limit, `${what}; ${this.#ordinary(limit)}`);
  }

  #growth(): Anomaly | undefined {
    const run = this.#run;
    const bytes = run.bodyBytes + run.packBytes;
    const runs = this.#comparable();
    const concerned = Math.min(liveBefore(run), run.added + run.changed);
    if (run.baseline || runs.length < MIN_GROWTH_RUNS) return undefined;
    if (concerned < this.#thresholds.minItems || bytes < MIN_GROWTH_BYTES) return undefined;
    const limit = Math.max(this.#thresholds.growthFactor, mostOrdinary(pastOf(runs, growth)));
    if (growth(run) <= limit) return undefined;
    const what = `the run brought ${sizeText(bytes)} where ${sizeText(bytesBefore(run))} were held`;
    const text = `${what}; up to ${limit.toFixed(1)} times as much is ordinary`;
    return this.#mark("sudden-growth", growth(run), limit, text);
  }

  #entropy(): Anomaly | undefined {
    const run = this.#run;
    const runs = this.#past.filter(({ bodyBytes }) => bodyBytes >= MIN_ENTROPY_BYTES);
    if (run.bodyBytes < MIN_ENTROPY_BYTES || runs.length === 0) return undefined;
    if (run.added + run.changed < this.#thresholds.minItems) return undefined;
    const past = pastOf(runs, compressed);
    const usual = median(past.map(({ value }) => value));
    const rises = past.map(({ value, marked }) => ({ value: Math.max(0, value - usual), marked }));
    const limit = usual + Math.max(this.#thresholds.entropyJump, mostOrdinary(rises));
    if (compressed(run) <= limit) return undefined;
    const what = `${sizeText(run.bodyBytes)} of bodies were stored in ${shareText(compressed(run))} of their size`;
    const text = `${what} where ${shareText(usual)} is usual: they look encrypted or compressed`;
    return this.#mark("entropy-jump", compressed(run), limit, text);
  }

  #shrunk(): Anomaly | undefined {
    const run = this.#run;
    const before = run.baseline ? this.#last.live : (this.#last.items ?? 0);
    if (before < this.#thresholds.minItems) return undefined;
    const limit = Math.max(this.#thresholds.shrunkShare, mostOrdinaryShare(pastOf(this.#past, shrunk)));
    if (run.shrunk <= limit) return undefined;
    const text = run.baseline
      ? `the collection was re-created with ${countText(run.live)} items; ${countText(before)} were kept`
      : `the service has ${countText(run.items ?? 0)} items where it had ${countText(before)}, and told of ${countText(run.removed)} removed`;
    return this.#mark("feed-shrank", run.shrunk, limit, text);
  }

  /** Undefined where shares of items are not judged. */
  #shareLimit(shareOf: (run: RunFigures) => number, threshold: number): number | undefined {
    if (this.#run.baseline || liveBefore(this.#run) < this.#thresholds.minItems) return undefined;
    return Math.max(threshold, mostOrdinaryShare(pastOf(this.#comparable(), shareOf)));
  }

  #comparable(): RunFigures[] {
    const least = Math.max(this.#thresholds.minItems, liveBefore(this.#run) * COMPARABLE_PART);
    return this.#past.filter((run) => !run.baseline && liveBefore(run) >= least);
  }

  #items(concerned: number): string {
    const of = liveBefore(this.#run);
    return `${countText(concerned)} of ${countText(of)} items (${shareText(Math.min(1, concerned / of))})`;
  }

  #ordinary(limit: number): string {
    return `up to ${shareText(limit)} is ordinary`;
  }

  #mark(kind: Anomaly["kind"], observed: number, threshold: number, text: string): Anomaly {
    const message = `${text.charAt(0).toUpperCase()}${text.slice(1)}. ${this.#end}`;
    return { kind, message, observed: rounded(observed), threshold: rounded(threshold) };
  }
}

/** Digits after the point of the figures in a mark. */
const DIGITS = 3;

function rounded(value: number): number {
  return Number(value.toFixed(DIGITS));
}

function pastOf(runs: readonly RunFigures[], valueOf: (run: RunFigures) => number): Past[] {
  return runs.map((run) => ({ value: valueOf(run), marked: run.marked }));
}

const MEBIBYTE = 1 << 20;
const PERCENT = 100;

/** `1,204,311`, whoever reads it: the sentences are kept with the run. */
function countText(count: number): string {
  return count.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

function sizeText(bytes: number): string {
  return `${(bytes / MEBIBYTE).toLocaleString("en-US", { maximumFractionDigits: 1 })} MiB`;
}

/** What is nearly everything is not called everything. */
function shareText(share: number): string {
  const percent = share * PERCENT;
  return `${share < 1 && percent > PERCENT - 1 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}
