/**
 * Members that several sections of the configuration file have: secrets, addresses, durations, limits, policies.
 */
import { z } from "zod";
import { isDuration } from "./duration.ts";
import { policySchema } from "./policy-schema.ts";
import { isSecretReference } from "./secret-reference.ts";
import { addressProblem } from "./service-url.ts";

const SECRET_PATTERN = "^(env|file|cmd):.+$";

/** Most requests at once that a configuration may ask for: beyond this a single node only queues them. */
const PARALLELISM_LIMIT = 64;

/** A source that leaves more than this share to others would hardly move. */
const HEADROOM_LIMIT = 0.9;

export const secret = (what: string) =>
  z
    .string()
    .refine(isSecretReference, {
      error: "a secret is not written here: use env:NAME, file:PATH or cmd:COMMAND",
    })
    .meta({
      description: `${what}, by reference: env:NAME, file:PATH or cmd:COMMAND.`,
      pattern: SECRET_PATTERN,
    });

export const serviceUrl = (what: string) =>
  z
    .string()
    .superRefine((text, issues) => {
      const problem = addressProblem(text);
      if (problem !== undefined) issues.addIssue({ code: "custom", message: problem });
    })
    .meta({ description: `${what} (http or https), without credentials.`, format: "uri" });

export const duration = (what: string) =>
  z
    .string()
    .refine(isDuration, { error: "a duration is a number with a unit: 500ms, 30s, 5m or 2h" })
    .meta({
      description: `${what}: a number with its unit, such as 30s.`,
      pattern: "^[1-9][0-9]*(ms|s|m|h)$",
    });

/** A file or folder of this machine. */
export const localPath = (what: string) =>
  z
    .string()
    .min(1)
    .meta({ description: `${what}; a relative path starts at this file's folder.` });

export const parallelism = z
  .int()
  .min(1)
  .max(PARALLELISM_LIMIT)
  .meta({ description: "Most requests under way at once." });

export const requestsPerSecond = z
  .number()
  .positive()
  .meta({ description: "Most requests in one second, of all kinds; without it there is no fixed limit." });

export const headroom = z.number().min(0).max(HEADROOM_LIMIT).meta({
  description: "Share of every limit, set here or found by 429 answers, that is left to others.",
});

export const requestTimeout = duration("Longest silence before a request counts as failed");

/** What every kind of source may say about its tasks. */
export const taskMembers = {
  policy: policySchema.meta({ description: "Policy of this source's tasks." }).optional(),
  tasks: z
    .record(
      z.string().min(1),
      z.strictObject({
        policy: policySchema.meta({ description: "Policy of these tasks." }).optional(),
      }),
    )
    .meta({
      description:
        "What differs for single collections, by name or pattern (*); a name counts before a pattern.",
    })
    .optional(),
};
