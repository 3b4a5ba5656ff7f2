/**
 * A source of kind `couchdb` in the configuration file.
 */
import { z } from "zod";
import {
  headroom,
  parallelism,
  requestsPerSecond,
  requestTimeout,
  secret,
  serviceUrl,
  taskMembers,
} from "./members.ts";

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

export const couchSource = z
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
    parallelism: parallelism.optional(),
    requestsPerSecond: requestsPerSecond.optional(),
    readsPerSecond: budget("documents read"),
    writesPerSecond: budget("documents written"),
    queriesPerSecond: budget("global queries"),
    headroom: headroom.optional(),
    requestTimeout: requestTimeout.optional(),
    compressRequests: z
      .boolean()
      .meta({ description: "Send large request bodies compressed; servers before CouchDB 3 may refuse it." })
      .optional(),
    ...taskMembers,
  })
  .meta({ description: "An account of a CouchDB service." });

export type CouchEntry = z.infer<typeof couchSource>;
export type CouchAuthEntry = Exclude<CouchEntry["auth"], undefined | "none">;
