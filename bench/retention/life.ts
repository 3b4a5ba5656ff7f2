/**
 * Years in the life of a collection, for the account of what rollups write.
 */
import type { Millis } from "../../src/model/clock.ts";
import { DAY_MS, type Policy } from "../../src/model/policy/policy.ts";
import { AccountedTimeline, type Account } from "./account.ts";

export interface Life {
  readonly items: number;
  /** Share of all items that change in a day. */
  readonly dailyShare: number;
  /** Changes that fall on the hot twentieth of the items; 0: all items are alike. */
  readonly hotShare: number;
  /** Whether changes are new items, rather than new states of old ones: nothing is ever merged away. */
  readonly grows: boolean;
  readonly days: number;
}

const FIRST_RUN = Date.UTC(2026, 0, 1, 2);
const HOT_ITEMS = 0.05;
const ITEM_BYTES = 500;

/** A run of a life: the items that it finds changed. */
export interface LivedRun {
  readonly to: Millis;
  readonly items: ReadonlySet<number>;
}

/** The runs of a life under a policy, the baseline first. The same for the same arguments. */
export function* runsOf(life: Life, policy: Policy): Generator<LivedRun> {
  const changes = new Changes(life);
  yield { to: FIRST_RUN, items: new Set(Array.from({ length: life.items }, (_, index) => index)) };
  const runsPerDay = DAY_MS / policy.every;
  for (let run = 1; run <= life.days * runsPerDay; run++) {
    const items = changes.of((life.items * life.dailyShare) / runsPerDay);
    yield { to: FIRST_RUN + run * policy.every, items };
  }
}

/** Plays a life through with sizes alone. */
export function accountOf(life: Life, policy: Policy): Account {
  const timeline = new AccountedTimeline(policy, ITEM_BYTES);
  for (const { to, items } of runsOf(life, policy)) timeline.run(to, items);
  return timeline.account;
}

/** Bytes written anew for each byte that runs stored. */
export function amplification({ baselineBytes, deltaBytes, rewrittenBytes }: Account): {
  readonly ofAll: number;
  readonly ofDeltas: number;
} {
  return {
    ofAll: rewrittenBytes / (baselineBytes + deltaBytes),
    ofDeltas: rewrittenBytes / deltaBytes,
  };
}

class Changes {
  readonly #life: Life;
  #random = 0x9e3779b9;
  #next: number;

  constructor(life: Life) {
    this.#life = life;
    this.#next = life.items;
  }

  /** Distinct items, about so many. */
  of(count: number): Set<number> {
    const items = new Set<number>();
    for (let left = Math.round(count); left > 0; left--) items.add(this.#one());
    return items;
  }

  #one(): number {
    const { items, hotShare, grows } = this.#life;
    if (grows) return this.#next++;
    const range = this.#unit() < hotShare ? items * HOT_ITEMS : items;
    return Math.floor(this.#unit() * range);
  }

  /** xorshift32. */
  #unit(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return (x >>> 0) / 2 ** 32;
  }
}
