/**
 * The `server` section of the configuration file.
 */
import { z } from "zod";
import { isTimeZone } from "../../model/policy/calendar.ts";
import { parseWindow } from "../../schedule/windows.ts";
import { duration, localPath, secret } from "./members.ts";
import { TIME_OF_DAY } from "./policy-schema.ts";

/** Runs at once that one machine is asked for at most. */
const PARALLEL_LIMIT = 64;

const parallel = (what: string) => z.int().min(1).max(PARALLEL_LIMIT).meta({ description: what }).optional();

export const serverSchema = z
  .strictObject({
    folder: localPath(
      "The server's own folder, for what it remembers of its jobs (default: holdfast-server)",
    ).optional(),
    windows: z
      .array(
        z.string().refine((text) => parseWindow(text) !== undefined, {
          error: 'a window is written like "22:00-06:00"; it may end at "24:00"',
        }),
      )
      .min(1)
      .meta({ description: "Hours in which jobs may begin (default: at any time)." })
      .optional(),
    timezone: z
      .string()
      .refine(isTimeZone, { error: "is not a time zone: write its IANA name, such as UTC or Europe/Berlin" })
      .meta({ description: "IANA name of the zone for windows and the check (default: UTC)." })
      .optional(),
    spread: duration(
      "Regular times are spread over this long, so that not all tasks begin at once (default: 5m)",
    ).optional(),
    parallel: parallel("Most jobs under way at once (default: 4)."),
    perSource: parallel("Most jobs of one source under way at once (default: 2)."),
    lookEvery: duration(
      "How often new databases are looked for and due times worked out anew (default: 15m)",
    ).optional(),
    check: z
      .union([
        z.literal(false),
        z.strictObject({
          timeOfDay: z
            .string()
            .regex(TIME_OF_DAY, { error: 'is a time of day in quotes, from "00:00" to "23:59"' })
            .meta({ description: 'When the day\'s slice is read back (default: "05:00").' })
            .optional(),
          for: duration("How long a slice takes (default: 10m)").optional(),
        }),
      ])
      .meta({ description: "Reading back what is kept, a slice each day; false: not by this server." })
      .optional(),
    notify: z
      .strictObject({
        webhooks: z
          .array(secret("An address that is sent each notice as JSON"))
          .min(1)
          .meta({ description: "Told when a job keeps failing, and when it works again." })
          .optional(),
        pings: z
          .array(secret("An address that is asked regularly, with /fail at its end while something fails"))
          .min(1)
          .meta({ description: "Told at every look that the server lives: silence is the alarm." })
          .optional(),
      })
      .meta({ description: "Who is told what a person must hear." })
      .optional(),
  })
  .meta({ description: "What `holdfast serve` goes by." });
