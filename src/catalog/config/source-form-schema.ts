/**
 * Sources of the kind `form-recognizer` in the configuration file.
 *
 * Nothing of the vendor SDK's environment (`FORM_RECOGNIZER_KEY` and the like) is read for them: a variable that is meant for an
 * application must not lead a backup, or worse a copy, to another resource.
 */
import { z } from "zod";
import { API_VERSIONS } from "../../sources/form-recognizer/config.ts";
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

/** What the service takes as the target of a copy. */
const RESOURCE_ID =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.CognitiveServices\/accounts\/[^/]+$/;
const RESOURCE_ID_LENGTH = 1024;
/** Mixed case was taken in 2020, and the copy then hung for ever. */
const REGION = /^[a-z0-9]+$/;
const REGION_LENGTH = 24;
/** A set's name is part of the keys of its files. */
const SET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

const authByType = z.discriminatedUnion("type", [
  z
    .strictObject({ type: z.literal("key"), key: secret("One of the resource's two keys") })
    .meta({ description: "The resource's key with every request." }),
  z
    .strictObject({ type: z.literal("bearer"), token: secret("The token") })
    .meta({ description: "A token that something else renews, with every request." }),
  z
    .strictObject({
      type: z.literal("entra"),
      tenant: z.string().min(1).meta({ description: "Id or domain of the tenant." }),
      clientId: z.string().min(1).meta({ description: "Application (client) id." }),
      clientSecret: secret("The application's secret"),
      authority: serviceUrl("Where tokens are issued, if not the public cloud's own address").optional(),
      scope: z
        .string()
        .min(1)
        .meta({ description: "What tokens are asked for (default: the public cloud's)." })
        .optional(),
    })
    .meta({ description: "Microsoft Entra: client credentials are exchanged for a token." }),
]);

const containerMembers = {
  url: serviceUrl("The container's address, https://ACCOUNT.blob.core.windows.net/CONTAINER"),
  sas: secret("A shared access signature of the container, without the question mark").optional(),
  accountName: z.string().min(1).meta({ description: "The storage account's name." }).optional(),
  accountKey: secret("The storage account's key, instead of a signature").optional(),
  prefix: z.string().min(1).meta({ description: "Only blobs whose names begin so." }).optional(),
};

interface ContainerMembers {
  readonly sas?: string | undefined;
  readonly accountName?: string | undefined;
  readonly accountKey?: string | undefined;
}

/** Exactly one way in; the service reads the container too, so nothing at all is none. */
function hasOneWayIn({ sas, accountName, accountKey }: ContainerMembers): boolean {
  const byKey = accountName !== undefined && accountKey !== undefined;
  const halfKey = (accountName === undefined) !== (accountKey === undefined);
  return !halfKey && (sas !== undefined) !== byKey;
}

const WAY_IN = { error: "give a sas, or an accountName with its accountKey", path: ["sas"] };

const dataSet = z
  .strictObject({
    name: z
      .string()
      .regex(SET_NAME, { error: "a data set's name is made of letters, digits, '.', '_' and '-'" })
      .meta({ description: "How the set is called from now on: part of the keys of its files." }),
    ...containerMembers,
    models: z
      .array(z.string().min(1))
      .min(1)
      .meta({
        description:
          "Models and classifiers trained from it, by id or name, patterns (*) allowed; needed where the service does not tell (before 2024-11-30).",
      })
      .optional(),
  })
  .refine(hasOneWayIn, WAY_IN)
  .meta({ description: "Training documents, labels and fields in a container of yours." });

export const formSource = z
  .strictObject({
    kind: z
      .literal("form-recognizer")
      .meta({ description: "Azure Form Recognizer and Document Intelligence." }),
    url: serviceUrl("The resource's endpoint, without /formrecognizer or /documentintelligence"),
    apiVersion: z
      .enum(API_VERSIONS)
      .meta({ description: "The version of the API that is spoken (default: 2024-11-30)." })
      .optional(),
    auth: authByType.meta({ description: "How to log in." }),
    resourceId: z
      .string()
      .max(RESOURCE_ID_LENGTH)
      .regex(RESOURCE_ID, {
        error:
          "a resource id is written /subscriptions/…/resourceGroups/…/providers/Microsoft.CognitiveServices/accounts/NAME",
      })
      .meta({ description: "The resource's id; needed where it takes copies through v2.0 or v2.1." })
      .optional(),
    region: z
      .string()
      .max(REGION_LENGTH)
      .regex(REGION, {
        error: "a region is its short name in lower case, such as westus2, never West US 2",
      })
      .meta({ description: "The resource's region by its short name; needed like resourceId." })
      .optional(),
    dataSets: z
      .array(dataSet)
      .min(1)
      .refine((sets) => new Set(sets.map(({ name }) => name)).size === sets.length, {
        error: "two data sets have the same name",
      })
      .meta({ description: "The training data that is kept." })
      .optional(),
    retrainInto: z
      .strictObject(containerMembers)
      .refine(hasOneWayIn, WAY_IN)
      .meta({
        description:
          "Where restore --retrain puts kept training data: writable, and reachable for the resource.",
      })
      .optional(),
    ca: localPath("PEM file of certificates to trust beside the system's").optional(),
    parallelism: parallelism.optional(),
    requestsPerSecond: requestsPerSecond.optional(),
    headroom: headroom.optional(),
    requestTimeout: requestTimeout.optional(),
    poll: duration("Time between two looks at a copy or training").optional(),
    patience: duration(
      "Longest wait for one copy or training; composed and neural models get four times as much",
    ).optional(),
    ...taskMembers,
  })
  .meta({ description: "A Form Recognizer or Document Intelligence resource." });

export type FormEntry = z.infer<typeof formSource>;

/** Spoken where the configuration says nothing. */
export const DEFAULT_API_VERSION = "2024-11-30";
