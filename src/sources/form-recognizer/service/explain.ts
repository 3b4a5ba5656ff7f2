/**
 * What each error of the service means for the person on call: what happened, whether anything was lost, what to do next. The service's own texts
 * blame the wrong thing in places; what recorded traffic has shown is said here.
 */

export interface Explanation {
  readonly happened: string;
  readonly lost: string;
  readonly next: string;
}

/** An error as the service words it. `status`: of the answer; absent inside the state of an operation. */
export interface WordedError {
  readonly status?: number;
  readonly code: string;
  readonly message: string;
}

const NOTHING_DONE = "Nothing was changed and nothing was lost.";
const TICKET_GOOD = "Nothing was queued, so the authorisation was not used up.";
const TICKET_BURNT = "The source model is untouched; the authorisation is used up.";
const STILL_SAFE = "Nothing that existed was lost.";

const BAD_KEY: Explanation = {
  happened: "The gateway does not know this key or token for this address.",
  lost: NOTHING_DONE,
  next: "Check that the key belongs to this resource and the url is this resource's own endpoint; a token needs the endpoint with the resource's own name, and a role such as Cognitive Services User on the resource.",
};

const CLAIMS: Explanation = {
  happened:
    "The authorisation that was handed in is not the one that the target issued: token, model id or expiry differ.",
  lost: TICKET_BURNT,
  next: "Run again: a new authorisation is asked for. If it comes back, see that nothing between Holdfast and the service rewrites bodies.",
};

const METADATA: Explanation = {
  happened:
    "The service did not find the authorisation where it looked. It says so when the region configured for the target is not the one that the resource lies in (a known fault of the service), and when an authorisation is used twice.",
  lost: TICKET_BURNT,
  next: "First compare the target's region with the Azure portal (short form, as westus2); if it is right, run again: a new authorisation is asked for.",
};

const DOWNGRADE: Explanation = {
  happened:
    "The source is encrypted with a customer's key and the target is not, and the copy would be less protected than the model.",
  lost: TICKET_BURNT,
  next: "Give the target a customer-managed key, or choose another target; only if the weaker protection is acceptable, allow the downgrade for this pair explicitly.",
};

const UNRESOLVED: Explanation = {
  happened: "The service knows no such resource in the region that was given for the target.",
  lost: TICKET_BURNT,
  next: "Copy the target's resource id and region from the Azure portal into its configuration, then run again.",
};

const UNKNOWN_MODEL: Explanation = {
  happened:
    "The resource has no model of this id: deleted, expired, or made with a later version of the API.",
  lost: "Nothing was lost by asking; what is kept of the model can still be read.",
  next: "Check the id and the source's apiVersion; a deleted model comes back only from a copy in another resource or by training again.",
};

const TOO_MANY: Explanation = {
  happened: "The resource holds as many models as it may.",
  lost: NOTHING_DONE,
  next: "Delete models that are no longer needed (placeholders of copies that never came count too), or use another resource or tier.",
};

const BY_CODE: Readonly<Record<string, Explanation>> = {
  "401": BAD_KEY,
  Unauthorized: BAD_KEY,
  PermissionDenied: {
    happened: "The token is good, but its holder has no role that allows this.",
    lost: NOTHING_DONE,
    next: "Give the application the role Cognitive Services User on this resource; new roles take some minutes.",
  },
  "403": {
    happened: "The resource refuses this caller: its network rules, its tier or its policy exclude it.",
    lost: NOTHING_DONE,
    next: "Check the resource's networking page (allowed networks, private endpoint) and the caller's role.",
  },
  AuthenticationTypeDisabled: {
    happened: "The resource takes no keys: key authentication is switched off for it.",
    lost: NOTHING_DONE,
    next: "Give the source credentials of Microsoft Entra instead of a key.",
  },
  "404": {
    happened: "The gateway knows no such path: not the service, but what is in front of it, has answered.",
    lost: NOTHING_DONE,
    next: "Check that the url is the resource's endpoint without /formrecognizer or /documentintelligence, and that the region offers the source's apiVersion.",
  },
  "429": {
    happened: "More requests came than the resource's tier allows.",
    lost: "Nothing was lost; a refused copy request does not use its authorisation up.",
    next: "Run again later, lower the source's request budget, or ask Azure support for a higher limit.",
  },
  "1001": {
    happened: "A component is missing, not ready, or was made with another version of the API.",
    lost: NOTHING_DONE,
    next: "See that every component is in this resource and ready, then compose again.",
  },
  "1022": UNKNOWN_MODEL,
  ModelNotFound: UNKNOWN_MODEL,
  "1999": {
    happened:
      "The service failed inside while it took the copy request. Early versions also answer so when the source model does not exist.",
    lost: "Whether the copy was accepted is not known; the source model is untouched.",
    next: "Look for the copy in the target before anything is sent again; a new run does that.",
  },
  "2001": {
    happened: "The training could not read its data: the container's address or its signature is wrong.",
    lost: "Nothing existing was lost; a model in state `invalid` stays and may be deleted.",
    next: "Check that the container exists and that its SAS allows reading and listing and has not run out.",
  },
  DataProtectionTransformServiceError: DOWNGRADE,
  InvalidDataProtectionKey: {
    happened:
      "The resource cannot use the key that protects its data, or the copy would go to a target that protects less.",
    lost: STILL_SAFE,
    next: "Check the customer-managed keys of both resources (still there, enabled, access granted); only if the target may protect less, allow the downgrade for this pair explicitly.",
  },
  ResourceResolverError: UNRESOLVED,
  OperationNotFound: {
    happened: "The service has no record of this operation (any more): records live 24 hours.",
    lost: STILL_SAFE,
    next: "Look at the model that the operation was making: if it is there, all is well.",
  },
  ModelNotReady: {
    happened:
      "The model is still being built, or only its name is reserved. It also means that the name of the copy was used where the source model's belongs.",
    lost: TICKET_GOOD,
    next: "Wait until the model's training has ended, then run again.",
  },
  ModelExists: {
    happened:
      "The id is taken: by a model, or reserved by an authorisation for a copy that never came. Such a reservation is shown nowhere and does not end.",
    lost: NOTHING_DONE,
    next: "Choose another id. An existing model must be deleted first if its id is wanted; a reserved one cannot be freed.",
  },
  DocumentModelLimit: TOO_MANY,
  DocumentModelLimitNeural: {
    ...TOO_MANY,
    happened: "The resource holds as many neural models as it may.",
  },
  DocumentModelLimitComposed: {
    happened: "A composed model may not have so many components in this resource's tier.",
    lost: NOTHING_DONE,
    next: "Compose fewer models into one, or use a resource of tier S0.",
  },
  ModelComposeError: {
    happened: "The service could not put these models together.",
    lost: "The components are untouched.",
    next: "See that every component is ready, custom and of an API version that fits, then compose again from the components in this resource.",
  },
  NotSupportedApiVersion: {
    happened: "The model was made with another version of the API than the one that was called.",
    lost: NOTHING_DONE,
    next: "Set the source's apiVersion to that of the model or a later one.",
  },
  ModelReadOnly: {
    happened: "The model belongs to the service (prebuilt) and cannot be changed or copied.",
    lost: NOTHING_DONE,
    next: "Leave it out: every resource has it.",
  },
  InvalidContentSourceFormat: {
    happened: "The address of the training data is not that of a blob container.",
    lost: NOTHING_DONE,
    next: "Give the container's address, https://ACCOUNT.blob.core.windows.net/CONTAINER, and its SAS apart.",
  },
  InvalidContentSource: {
    happened: "The service could not read the training data.",
    lost: NOTHING_DONE,
    next: "Check that the container exists, that its SAS allows reading and listing and has not run out, and that the storage account lets the resource in.",
  },
  TrainingContentMissing: {
    happened: "The container has no training data at the place that was named, or its labels are missing.",
    lost: NOTHING_DONE,
    next: "Check the data set's prefix: documents, their .labels.json and .ocr.json files and fields.json must be there.",
  },
  AuthorizationFailed: {
    happened: "The service refused the authorisation.",
    lost: STILL_SAFE,
    next: "For a copy: check the target's resource id and region, then run again with a new authorisation. For training data: check the SAS or the role on the storage account.",
  },
  OutboundAccessForbidden: {
    happened:
      "The resource may not reach the other resource or the storage account: its outbound rules forbid it.",
    lost: STILL_SAFE,
    next: "Add the target's or the storage account's host to the resource's allowed outbound addresses.",
  },
  MethodNotAllowed: {
    happened: "This path does not take such requests: the url may name something else than the resource.",
    lost: NOTHING_DONE,
    next: "Check the source's url and apiVersion.",
  },
  UnsupportedMediaType: {
    happened: "The service did not take the request's form; a proxy may have changed its headers.",
    lost: NOTHING_DONE,
    next: "Check what stands between Holdfast and the service.",
  },
};

const SERVER_FAULT: Explanation = {
  happened: "The service failed for a reason of its own.",
  lost: "What existed is untouched; whether the request was carried out is not known.",
  next: "Check Azure's status page and run again: what was done is looked for before anything is sent twice.",
};

const BY_STATUS: Readonly<Record<number, string>> = {
  401: "401",
  403: "403",
  405: "MethodNotAllowed",
  415: "UnsupportedMediaType",
  429: "429",
};

/** Undefined for an error about which nothing more can be said than the service does. */
export function explain(error: WordedError): Explanation | undefined {
  switch (copyFailure(error.code, error.message)) {
    case "claims":
      return CLAIMS;
    case "metadata":
      return METADATA;
    case "downgrade":
      return DOWNGRADE;
    case "resource":
      return UNRESOLVED;
    case "other":
  }
  if (error.code === "1002" || isParameterCode(error.code)) return invalidRequest(error.message);
  const found = BY_CODE[error.code] ?? BY_CODE[BY_STATUS[error.status ?? 0] ?? ""];
  if (found !== undefined) return found;
  return error.status !== undefined && error.status >= 500 ? SERVER_FAULT : undefined;
}

/** The explanation as sentences for a message, led by a space; empty where there is none. */
export function explainedText(error: WordedError): string {
  const found = explain(error);
  return found === undefined ? "" : ` ${found.happened} ${found.lost} ${found.next}`;
}

/** Why a copy that had been accepted failed, as far as it decides what to do. In every case the authorisation is used up. */
export type CopyFailure =
  /** What was handed in differs from what was issued. */
  | "claims"
  /** Wrong region of the target, or an authorisation used twice. */
  | "metadata"
  /** Only with consent to a less secure encryption. */
  | "downgrade"
  /** The target's resource id or region is wrong. */
  | "resource"
  | "other";

/** v2.x tells by code and text; later versions wrap the same texts. */
export function copyFailure(code: string, message: string): CopyFailure {
  if (/authorization metadata/i.test(message)) return "metadata";
  if (/authorization claims/i.test(message)) return "claims";
  if (code === "DataProtectionTransformServiceError" || /less secure data protection/i.test(message)) {
    return "downgrade";
  }
  if (code === "ResourceResolverError" || /fetch information for Cognitive resource/i.test(message)) {
    return "resource";
  }
  return "other";
}

function isParameterCode(code: string): boolean {
  return code === "InvalidParameter" || code === "ParameterMissing" || code === "InvalidArgument";
}

/** Validation: the text says which field. */
function invalidRequest(message: string): Explanation {
  if (/resource ?id/i.test(message)) {
    return {
      happened: "The target's resource id has not the form of one.",
      lost: TICKET_GOOD,
      next: "Copy it from the Azure portal into the target's `resourceId`: /subscriptions/…/resourceGroups/…/providers/Microsoft.CognitiveServices/accounts/NAME.",
    };
  }
  if (/region/i.test(message)) {
    return {
      happened: "The target's region is not one that the service knows.",
      lost: TICKET_GOOD,
      next: "Give the short lower-case name in the target's `region`, as westus2, never West US 2.",
    };
  }
  return {
    happened:
      "The service found a member of the request wrong or missing; of a copy mostly its authorisation: incomplete, changed, or expired (24 hours in v2.x, 1 hour later on).",
    lost: TICKET_GOOD,
    next: "Run again: an expired authorisation is asked for anew. If it comes back, check resource id, region and apiVersion of both resources.",
  };
}
