/**
 * The `standbys` section of the configuration file.
 */
import { z } from "zod";

const source = (what: string) => z.string().min(1).meta({ description: what });

const days = (what: string) =>
  z
    .number()
    .min(0)
    .meta({ description: `${what}.` })
    .optional();

export const standbySchema = z
  .strictObject({
    source: source("The configured source that is kept in step with."),
    target: source("The configured source that is the second instance."),
    allowDowngrade: z
      .boolean()
      .meta({
        description:
          "form-recognizer: your explicit consent to copy from an encrypted resource into one that is encrypted less.",
      })
      .optional(),
    keepSuperseded: z
      .int()
      .min(0)
      .meta({
        description: "form-recognizer: most superseded copies that are kept of each model (default: 1).",
      })
      .optional(),
    supersededForDays: days("form-recognizer: how many days they are kept (default: 7)"),
    keepGoneDays: days(
      "form-recognizer: how many days the copy of a model that is gone from the source is kept (default: 30)",
    ),
  })
  .refine(({ source: from, target }) => from !== target, {
    error: "a source cannot be its own standby",
    path: ["target"],
  })
  .meta({ description: "A second instance, kept in step with a source." });
