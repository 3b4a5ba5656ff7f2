/**
 * The shape of a policy in the configuration file, and the layers that policies of a file make.
 */
import { z } from "zod";
import { isTimeZone } from "../../model/policy/calendar.ts";
import { parsePeriod } from "../../model/policy/duration.ts";
import type { PolicySettings } from "../../model/policy/layers.ts";
import { MIN_EVERY_MS } from "../../model/policy/policy.ts";

/** As the file writes it: keep everything, never clean up. */
const UNLIMITED = "unlimited";
const NEVER = "never";

export const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;
const PERIOD_PATTERN = "^([1-9][0-9]*[smhdw]|P.+)$";
const PERIOD_HINT = "a duration is written like 6h, 1d, 2w or P1D; months and years differ in length";

const keepCount = (level: string) =>
  z
    .union([z.int().min(1), z.literal(UNLIMITED)], {
      error: "is how many to keep: a whole number from 1, or unlimited",
    })
    .meta({ description: `How many ${level} deltas stay: a number, or unlimited.` })
    .optional();

const share = (what: string) =>
  z
    .number()
    .min(0)
    .max(1)
    .meta({ description: `${what} (0 to 1).` })
    .optional();

const flag = (what: string) => z.boolean().meta({ description: what }).optional();

export const policySchema = z.strictObject({
  every: z
    .string()
    .superRefine((text, issues) => {
      const period = parsePeriod(text);
      if (period === undefined) issues.addIssue({ code: "custom", message: PERIOD_HINT });
      else if (period < MIN_EVERY_MS)
        issues.addIssue({ code: "custom", message: "the shortest time between runs is 5m" });
    })
    .meta({ description: "Time between runs: 1d, 6h, 30m, P1D.", pattern: PERIOD_PATTERN })
    .optional(),
  timeOfDay: z
    .string()
    .regex(TIME_OF_DAY, { error: 'is a time of day in quotes, from "00:00" to "23:59"' })
    .meta({ description: 'When runs are due, where `every` is a whole number of days: "02:00".' })
    .optional(),
  timezone: z
    .string()
    .refine(isTimeZone, { error: "is not a time zone: write its IANA name, such as UTC or Europe/Berlin" })
    .meta({
      description: "IANA name of the zone for timeOfDay and for calendar days, weeks, months and years.",
    })
    .optional(),
  keep: z
    .strictObject({
      intraday: keepCount("intraday"),
      daily: keepCount("daily"),
      weekly: keepCount("weekly"),
      monthly: keepCount("monthly"),
      yearly: keepCount("yearly"),
    })
    .meta({ description: "How many deltas of each level stay; older ones merge into the next level." })
    .optional(),
  cleanupAfter: z
    .string()
    .refine((text) => text === NEVER || parsePeriod(text) !== undefined, {
      error: `${PERIOD_HINT}; or never`,
    })
    .meta({ description: "How long what a rollup replaced can be brought back: 1d, P1W, never." })
    .optional(),
  rollupMode: z
    .enum(["eager", "lazy"])
    .meta({
      description:
        "eager: the oldest delta moves up at once. lazy: a whole calendar week, month or year at a time.",
    })
    .optional(),
  dropTombstones: flag("Forget deletions when they are folded into the baseline."),
  include: z
    .strictObject({
      designDocs: flag("Design documents."),
      deleted: flag("Deletions, with the bodies they have."),
      attachments: flag("Attachments."),
      security: flag("The database's _security object and settings."),
      localDocs: flag("Documents under _local/."),
    })
    .meta({ description: "What is kept of each collection, where it differs from the source's own include." })
    .optional(),
  anomaly: z
    .strictObject({
      enabled: flag("Whether runs are judged at all."),
      minItems: z.int().min(0).meta({ description: "Fewer items than this are not judged." }).optional(),
      deletedShare: share("Share of the items that a run finds deleted"),
      changedShare: share("Share of the items that a run finds changed"),
      growthFactor: z
        .number()
        .positive()
        .meta({ description: "A run's bytes as a multiple of what the task held." })
        .optional(),
      entropyJump: share("Rise of stored bytes for each body byte over the usual"),
      shrunkShare: share("Share by which the service's own count of items fell"),
    })
    .meta({ description: "From where on a run is marked and retention freezes." })
    .optional(),
});

export type PolicyEntry = z.infer<typeof policySchema>;

/** The file's words as a layer's values; the entry has passed the schema. */
export function policySettings(entry: PolicyEntry): PolicySettings {
  const { every, keep, cleanupAfter, ...plain } = entry;
  const counts = Object.entries(keep ?? {}).map(([level, count]) => [
    level,
    count === UNLIMITED ? null : count,
  ]);
  return {
    ...plain,
    ...(every === undefined ? {} : { every: parsePeriod(every) }),
    ...(keep === undefined ? {} : { keep: Object.fromEntries(counts) }),
    ...(cleanupAfter === undefined
      ? {}
      : { cleanupAfter: cleanupAfter === NEVER ? null : parsePeriod(cleanupAfter) }),
  } as PolicySettings;
}
