/**
 * The shape of the configuration file: what may stand in it, with the sentences that its JSON schema publishes.
 *
 * Every mapping is strict. A secret is never a value here, only a reference (`secret-reference.ts`). Defaults are not
 * filled in by the schema but by `defaults.ts`, so that every value keeps its origin.
 */
import { z } from "zod";
import { policySchema } from "./policy-schema.ts";
import { standbySchema } from "./standby-schema.ts";
import { isDuration } from "./duration.ts";
import { addressProblem } from "./service-url.ts";
import { isSecretReference } from "./secret-reference.ts";

const SECRET_PATTERN = "^(env|file|cmd):.+$";

/** Names appear in `SOURCE/COLLECTION`, in file names and in completion: no slash, no blank. */
const SOURCE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Length in characters; long enough for a host name. */
const SOURCE_NAME_LENGTH = 64;

const STANDBY_NAME_PROBLEM =
  "a standby's name is made of letters, digits, '.', '_' and '-', at most 64 of them";

/** Most requests at once that a configuration may ask for: beyond this a single node only queues them. */
const PARALLELISM_LIMIT = 64;

/** A source that leaves more than this share to others would hardly move. */
const HEADROOM_LIMIT = 0.9;

const secret = (what: string) =>
  z
    .string()
    .refine(isSecretReference, {
      error: "a secret is not written here: use env:NAME, file:PATH or cmd:COMMAND",
    })
    .meta({
      description: `${what}, by reference: env:NAME, file:PATH or cmd:COMMAND.`,
      pattern: SECRET_PATTERN,
    });

const serviceUrl = (what: string) =>
  z
    .string()
    .superRefine((text, issues) => {
      const problem = addressProblem(text);
      if (problem !== undefined) issues.addIssue({ code: "custom", message: problem });
    })
    .meta({ description: `${what} (http or https), without credentials.`, format: "uri" });

const duration = (what: string) =>
  z
    .string()
    .refine(isDuration, { error: "a duration is a number with a unit: 500ms, 30s, 5m or 2h" })
    .meta({
      description: `${what}: a number with its unit, such as 30s.`,
      pattern: "^[1-9][0-9]*(ms|s|m|h)$",
    });

const budget = (what: string) =>
  z
    .number()
    .positive()
    .meta({
      description: `Most ${what} in one second, as Cloudant counts them; without it there is no fixed limit.`,
    })
    .optional();

const patterns = (what: string) =>
  z.array(z.string().min(1)).meta({ description: `${what}; * stands for any run of characters.` });

const authByType = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }).meta({ description: "The service asks for no credentials." }),
  z
    .strictObject({
      type: z.literal("basic"),
      username: z.string().min(1).meta({ description: "User name." }),
      password: secret("The password"),
    })
    .meta({ description: "User name and password with every request." }),
  z
    .strictObject({
      type: z.literal("session"),
      username: z.string().min(1).meta({ description: "User name." }),
      password: secret("The password"),
    })
    .meta({ description: "User name and password once, then a session cookie." }),
  z
    .strictObject({
      type: z.literal("iam"),
      apiKey: secret("The IBM Cloud API key"),
      tokenUrl: serviceUrl("Where tokens are issued, if not IBM Cloud's own address").optional(),
    })
    .meta({ description: "IBM Cloud IAM." }),
]);

const couchSource = z
  .strictObject({
    kind: z.literal("couchdb").meta({ description: "Cloudant, Apache CouchDB or what speaks its protocol." }),
    url: serviceUrl("The account's address"),
    auth: z
      .union([z.literal("none"), authByType])
      .meta({ description: "How to log in." })
      .optional(),
    databases: patterns("Names of the databases to back up").min(1).optional(),
    exclude: patterns("Names of databases to leave out").optional(),
    include: z
      .strictObject({
        designDocs: z.boolean().meta({ description: "Design documents." }).optional(),
        deleted: z.boolean().meta({ description: "Deletions, with the bodies they have." }).optional(),
        attachments: z.boolean().meta({ description: "Attachments." }).optional(),
        security: z
          .boolean()
          .meta({ description: "The database's _security object and settings." })
          .optional(),
        localDocs: z.boolean().meta({ description: "Documents under _local/." }).optional(),
      })
      .meta({ description: "What is kept of each database." })
      .optional(),
    parallelism: z
      .int()
      .min(1)
      .max(PARALLELISM_LIMIT)
      .meta({ description: "Most requests under way at once." })
      .optional(),
    requestsPerSecond: z
      .number()
      .positive()
      .meta({ description: "Most requests in one second, of all kinds; without it there is no fixed limit." })
      .optional(),
    readsPerSecond: budget("documents read"),
    writesPerSecond: budget("documents written"),
    queriesPerSecond: budget("global queries"),
    headroom: z
      .number()
      .min(0)
      .max(HEADROOM_LIMIT)
      .meta({
        description: "Share of every limit, set here or found by 429 answers, that is left to others.",
      })
      .optional(),
    requestTimeout: duration("Longest silence before a request counts as failed").optional(),
    compressRequests: z
      .boolean()
      .meta({ description: "Send large request bodies compressed; servers before CouchDB 3 may refuse it." })
      .optional(),
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
  })
  .meta({ description: "An account of a CouchDB service." });

export const configSchema = z
  .strictObject({
    repository: z
      .strictObject({
        folder: z
          .string()
          .min(1)
          .meta({ description: "The repository's folder; a relative path starts at this file's folder." })
          .optional(),
        passphrase: secret("The passphrase of a key slot").optional(),
        identity: secret("The age identity of a key slot").optional(),
      })
      .refine((repository) => repository.passphrase === undefined || repository.identity === undefined, {
        error: "give a passphrase or an identity, not both",
        path: ["identity"],
      })
      .meta({ description: "Where all timelines are kept, and the key that opens it." })
      .optional(),
    policy: policySchema
      .meta({ description: "Policy of all tasks: how often they run and how long what they keep stays." })
      .optional(),
    sources: z
      .record(
        z.string().max(SOURCE_NAME_LENGTH).regex(SOURCE_NAME, {
          error: "a source's name is made of letters, digits, '.', '_' and '-', at most 64 of them",
        }),
        couchSource,
      )
      .meta({ description: "The accounts and service instances to protect, by name." })
      .optional(),
    standbys: z
      .record(
        z.string().max(SOURCE_NAME_LENGTH).regex(SOURCE_NAME, { error: STANDBY_NAME_PROBLEM }),
        standbySchema,
      )
      .meta({ description: "Second instances that are kept in step, by name." })
      .optional(),
  })
  .meta({ title: "Holdfast configuration", description: "The one configuration file, holdfast.yaml." });

export type ConfigFile = z.infer<typeof configSchema>;
export type SourceEntry = NonNullable<ConfigFile["sources"]>[string];
export type AuthEntry = Exclude<SourceEntry["auth"], undefined | "none">;

/** The schema as JSON Schema (draft 2020-12), as `docs/reference/config.schema.json` publishes it. */
export function configJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(configSchema, { io: "input" }) };
}
