/**
 * The shape of the configuration file: what may stand in it, with the sentences that its JSON schema publishes.
 *
 * Every mapping is strict. A secret is never a value here, only a reference (`secret-reference.ts`). Defaults are not
 * filled in by the schema but by `defaults.ts`, so that every value keeps its origin.
 */
import { z } from "zod";
import { policySchema } from "./policy-schema.ts";
import { standbySchema } from "./standby-schema.ts";
import { gatewaySchema } from "./gateway-schema.ts";
import { serverSchema } from "./server-schema.ts";
import { secret } from "./members.ts";
import { couchSource } from "./source-couchdb-schema.ts";
import { formSource } from "./source-form-schema.ts";
import { sttSource, ttsSource } from "./source-watson-schema.ts";

/** Names appear in `SOURCE/COLLECTION`, in file names and in completion: no slash, no blank. */
const SOURCE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Length in characters; long enough for a host name. */
const SOURCE_NAME_LENGTH = 64;

const STANDBY_NAME_PROBLEM =
  "a standby's name is made of letters, digits, '.', '_' and '-', at most 64 of them";

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
        z.discriminatedUnion("kind", [couchSource, ttsSource, sttSource, formSource]),
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
    gateway: gatewaySchema.optional(),
    server: serverSchema.optional(),
  })
  .meta({ title: "Holdfast configuration", description: "The one configuration file, holdfast.yaml." });

export type ConfigFile = z.infer<typeof configSchema>;
export type SourceEntry = NonNullable<ConfigFile["sources"]>[string];

/** The schema as JSON Schema (draft 2020-12), as `docs/reference/config.schema.json` publishes it. */
export function configJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(configSchema, { io: "input" }) };
}
