/**
 * Simulated lives of collections, made from seeds: ordinary ones, in which every mark is a false alarm, and attacks and
 * accidents, which strike an ordinary life on one day.
 */
import { Collection, type Day } from "./collection.ts";

const DAYS = 365;
/** Attacks strike between these days. */
const FIRST_STRIKE = 10;
const LAST_STRIKE = 200;
/** As the bodies of ransomware compress: base64 of random bytes. */
const ENCRYPTED_RATIO = 0.76;

export type Random = () => number;

/** mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a life does on a day, from 1. */
type Life = (day: number, collection: Collection, random: Random) => Day;

/** A value around `mean`, hardly ever more than three `spread` away. */
function around(random: Random, mean: number, spread: number): number {
  const sum = random() + random() + random() + random() - 2;
  return Math.max(0, mean + sum * Math.sqrt(3) * spread);
}

const steady: Life = (_, __, random) => ({
  changed: around(random, 0.02, 0.008),
  added: around(random, 0.005, 0.002),
  removed: around(random, 0.002, 0.001),
  ratio: around(random, 0.25, 0.02),
});

function weekly(changed: number): Life {
  return (day, collection, random) =>
    day % 7 === 0 ? { changed: around(random, changed, 0.02) } : steady(day, collection, random);
}

/** Every `days` days, from the first time on. */
function every(days: number, what: (random: Random) => Day): Life {
  return (day, collection, random) => (day % days === 0 ? what(random) : steady(day, collection, random));
}

/** Lives in which every mark is a false alarm. */
export const ORDINARY: Readonly<Record<string, Life>> = {
  "steady work": steady,
  "hot set of few items": () => ({ changed: 0.001 }),
  "idle, now and then a burst": (_, __, random) =>
    random() < 0.9 ? {} : { changed: random() * 0.4, added: random() * 0.1 },
  "quick growth": (day, _, random) => ({
    added: around(random, day < 60 ? 0.06 : 0.01, 0.01),
    changed: 0.05,
  }),
  "filled in its first week": (day, collection, random) =>
    day < 8 ? { added: 1, changed: random() * 0.4 } : steady(day, collection, random),
  "small collection": (_, collection, random) => ({
    changed: random(),
    added: collection.live < 60 ? random() : 0,
    removed: random(),
  }),
  "season with a peak": (day, _, random) => {
    const height = 0.02 + 0.36 * Math.max(0, Math.sin((day / DAYS) * 2 * Math.PI)) ** 3;
    return { changed: around(random, height, 0.01), added: height / 20 };
  },
  "weekly batch over 40 %": weekly(0.4),
  "weekly batch over 70 %": weekly(0.7),
  "80 % rewritten every night": (_, __, random) => ({ changed: around(random, 0.8, 0.04) }),
  "sessions: 90 % replaced daily": (_, __, random) => {
    const share = around(random, 0.9, 0.02);
    return { added: share, removed: share };
  },
  "monthly clean-out of 20 %": every(30, (random) => ({ removed: around(random, 0.2, 0.02), added: 0.2 })),
  "quarterly clean-out of 45 %": every(91, (random) => ({ removed: around(random, 0.45, 0.02), added: 0.8 })),
  "quarterly import of the double": every(91, () => ({ added: 2 })),
  "quarterly import of the fivefold, then archived": (day, collection, random) =>
    day % 91 === 0
      ? { added: 5 }
      : day % 91 === 1 && day > 1
        ? { removed: 0.83 }
        : steady(day, collection, random),
  "bodies with images in some runs": (_, __, random) => ({
    changed: around(random, 0.05, 0.02),
    ratio: random() < 0.3 ? 0.5 + random() * 0.25 : 0.25,
  }),
  "reloaded every night": (_, __, random) => ({ recreated: 0.95 + random() * 0.1 }),
  "old deletions purged twice a year": every(180, () => ({ purged: 0.3 })),
};

/** On a background of ordinary work; each must be marked on the day it begins. */
export const STRIKES: Readonly<Record<string, Day>> = {
  "everything rewritten with encrypted bodies": { changed: 1, ratio: ENCRYPTED_RATIO },
  "a tenth rewritten with encrypted bodies": { changed: 0.1, ratio: ENCRYPTED_RATIO },
  "encrypted copies beside deleted originals": { added: 1, removed: 1, ratio: ENCRYPTED_RATIO },
  "everything deleted": { removed: 1 },
  "60 % deleted": { removed: 0.6 },
  "faulty migration over 95 %": { changed: 0.95, bytes: 40 },
  "70 % gone without the feed telling": { vanished: 0.7 },
  "database made again, empty": { recreated: 0 },
  "database made again from half of it": { recreated: 0.5 },
  "database made again, encrypted": { recreated: 1, ratio: ENCRYPTED_RATIO },
  "flooded with eight times its size": { added: 8 },
};

const BACKGROUNDS: readonly Life[] = [
  steady,
  weekly(0.4),
  ORDINARY["season with a peak"] as Life,
  ORDINARY["hot set of few items"] as Life,
  ORDINARY["bodies with images in some runs"] as Life,
];

export interface Alarms {
  readonly runs: number;
  readonly alarms: number;
  /** Histories with at least one. */
  readonly histories: number;
}

/** Alarms over whole lives of a year; somebody calls each one expected on the next day. */
export function alarmsOf(life: Life, seeds: readonly number[]): Alarms {
  let alarms = 0;
  let histories = 0;
  for (const seed of seeds) {
    const random = randomOf(seed);
    const collection = begin(life, random);
    const before = alarms;
    for (let day = 1; day < DAYS; day++) {
      if (collection.day(life(day, collection, random)).length === 0) continue;
      alarms += 1;
      collection.expect();
    }
    if (alarms > before) histories += 1;
  }
  return { runs: seeds.length * (DAYS - 1), alarms, histories };
}

/** In how many of the histories the strike was marked on its first day. */
export function detections(strike: Day, seeds: readonly number[]): number {
  return seeds.filter((seed) => {
    const random = randomOf(seed);
    const life = BACKGROUNDS[seed % BACKGROUNDS.length] as Life;
    const collection = begin(life, random);
    const last = FIRST_STRIKE + Math.floor(random() * (LAST_STRIKE - FIRST_STRIKE));
    for (let day = 1; day < last; day++) {
      if (collection.day(life(day, collection, random)).length > 0) collection.expect();
    }
    return collection.day(strike).length > 0;
  }).length;
}

/** Between 20,000 and 200,000 items of 300 to 3,000 bytes. */
function begin(life: Life, random: Random): Collection {
  const small = life === ORDINARY["small collection"];
  const live = small ? 40 : Math.round(20_000 * 10 ** random());
  return new Collection(live, Math.round(300 * 10 ** random()), 0.2 + random() * 0.1);
}

/** `count` seeds from the first. */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
