/**
 * Sources of the kinds `watson-tts` and `watson-stt` in the configuration file.
 *
 * Nothing of the vendor SDK's environment (`TEXT_TO_SPEECH_URL` and the like) is read for them: a variable that is meant for an
 * application must not lead a backup, or worse a restore, to another instance.
 */
import { z } from "zod";
import {
  duration,
  headroom,
  localPath,
  parallelism,
  requestsPerSecond,
  requestTimeout,
  secret,
  serviceUrl,
  taskMembers,
} from "./members.ts";

const authByType = z.discriminatedUnion("type", [
  z
    .strictObject({ type: z.literal("none") })
    .meta({ description: "The service, or what stands before it, asks for no credentials." }),
  z
    .strictObject({
      type: z.literal("iam"),
      apiKey: secret("The IBM Cloud API key"),
      tokenUrl: serviceUrl("Where tokens are issued, if not IBM Cloud's own address").optional(),
    })
    .meta({ description: "IBM Cloud: the API key is exchanged for a token." }),
  z
    .strictObject({ type: z.literal("apikey"), apiKey: secret("The API key of the instance") })
    .meta({ description: "IBM Cloud: the API key itself with every request." }),
  z
    .strictObject({ type: z.literal("bearer"), token: secret("The token") })
    .meta({ description: "A token that something else renews, with every request." }),
  z
    .strictObject({
      type: z.literal("cp4d"),
      authUrl: serviceUrl("The platform's address, everything before /v1/authorize"),
      username: z.string().min(1).meta({ description: "User name." }),
      password: secret("The password").optional(),
      apiKey: secret("The user's API key, instead of the password").optional(),
    })
    .refine(({ password, apiKey }) => (password === undefined) !== (apiKey === undefined), {
      error: "give a password or an apiKey, one of them",
      path: ["password"],
    })
    .meta({ description: "Cloud Pak for Data: a platform token for a user." }),
]);

function watsonSource<const Kind extends string, const Collections extends readonly [string, ...string[]]>(
  kind: Kind,
  names: Collections,
  service: string,
) {
  return z
    .strictObject({
      kind: z.literal(kind).meta({ description: `${service}, on IBM Cloud or Cloud Pak for Data.` }),
      url: serviceUrl("The instance's address, everything before /v1"),
      auth: z
        .union([z.literal("none"), authByType])
        .meta({ description: "How to log in." })
        .optional(),
      ca: localPath("PEM file of certificates to trust beside the system's").optional(),
      insecureTls: z.boolean().meta({ description: "Take any certificate; for trials only." }).optional(),
      collections: z
        .array(z.enum(names))
        .min(1)
        .meta({ description: "What of the instance is kept (default: everything)." })
        .optional(),
      parallelism: parallelism.optional(),
      requestsPerSecond: requestsPerSecond.optional(),
      headroom: headroom.optional(),
      requestTimeout: requestTimeout.optional(),
      poll: duration("Time between two looks at something that the service works on").optional(),
      patience: duration("Longest wait for one resource or training").optional(),
      fullReadEvery: duration(
        "How long an unchanged listing is trusted before everything is read",
      ).optional(),
      ...taskMembers,
    })
    .meta({ description: `An instance of ${service}.` });
}

export const ttsSource = watsonSource("watson-tts", ["voice-models"], "Watson Text to Speech");

export const sttSource = watsonSource(
  "watson-stt",
  ["language-models", "acoustic-models", "jobs"],
  "Watson Speech to Text",
);

export type WatsonEntry = z.infer<typeof ttsSource> | z.infer<typeof sttSource>;
