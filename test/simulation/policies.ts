/**
 * Random policies: small numbers, so that a short history sees every level, and zones whose offsets change on odd days.
 */
import type { PolicySettings } from "../../src/model/policy/layers.ts";
import { DAY_MS } from "../../src/model/policy/policy.ts";
import type { Random } from "./random.ts";

const HOUR_MS = 3_600_000;

const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  // Half an hour of summer time.
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "America/Santiago",
] as const;

const CLEANUP_AFTER = [0, HOUR_MS, DAY_MS, 10 * DAY_MS, null] as const;
const EVERY = [DAY_MS, DAY_MS, DAY_MS, 7 * DAY_MS, HOUR_MS, 6 * HOUR_MS] as const;

/** Thresholds that small collections pass now and then. */
const NERVOUS = {
  enabled: true,
  minItems: 4,
  deletedShare: 0.5,
  changedShare: 0.9,
  growthFactor: 20,
} as const;

export function randomPolicy(random: Random): PolicySettings {
  return {
    every: random.pick(EVERY),
    timezone: random.pick(ZONES),
    keep: randomNumbers(random),
    cleanupAfter: random.pick(CLEANUP_AFTER),
    rollupMode: random.chance(0.3) ? "lazy" : "eager",
    dropTombstones: random.chance(0.3),
    anomaly: random.chance(0.15) ? NERVOUS : { enabled: false },
  };
}

/** The policy with one thing changed. */
export function editedPolicy(policy: PolicySettings, random: Random): PolicySettings {
  const fresh = randomPolicy(random);
  const member = random.pick(Object.keys(fresh) as (keyof PolicySettings)[]);
  return { ...policy, [member]: fresh[member] };
}

function randomNumbers(random: Random): NonNullable<PolicySettings["keep"]> {
  return {
    intraday: random.between(1, 6),
    daily: random.between(1, 4),
    weekly: random.between(1, 3),
    monthly: random.between(1, 3),
    yearly: random.chance(0.5) ? null : random.between(1, 2),
  };
}
