/**
 * The `standbys` section of the configuration file.
 */
import { z } from "zod";

const source = (what: string) => z.string().min(1).meta({ description: what });

export const standbySchema = z
  .strictObject({
    source: source("The configured source that is kept in step with."),
    target: source("The configured source that is the second instance."),
  })
  .refine(({ source: from, target }) => from !== target, {
    error: "a source cannot be its own standby",
    path: ["target"],
  })
  .meta({ description: "A second instance, kept in step with a source from its timelines." });
