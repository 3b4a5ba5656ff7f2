/**
 * The ends of a copy that did not succeed, in the service's words: v2.x names them in the copy result, later versions wrap the same texts
 * into the error of the operation.
 */
import type { ErrorBody } from "../errors.ts";
import { cannotCompose, modelLimit, unknownModel } from "../v3/errors.ts";

export type CopyFailure =
  /** The ticket is unknown, or differs from what the target issued. */
  | { readonly kind: "claims" }
  /** The ticket was used; also what a wrong region for an existing resource really ends in. */
  | { readonly kind: "metadata" }
  | { readonly kind: "resource"; readonly resourceId: string; readonly region: string }
  /** From encrypted with the customer's own keys to not so encrypted, without consent. */
  | { readonly kind: "downgrade" }
  | { readonly kind: "limit"; readonly limit: number }
  /** The source was deleted after the copy was accepted. */
  | { readonly kind: "source-gone"; readonly id: string }
  /** A composed model of 2024-11-30 whose parts the target does not hold. */
  | { readonly kind: "parts"; readonly missing: string }
  /** On demand. */
  | { readonly kind: "fault"; readonly code: string; readonly message: string };

interface PlainFailure {
  readonly code: string;
  readonly message: string;
}

/** As the errors of a copy result of v2.x have it. */
export function plainFailure(failure: CopyFailure): PlainFailure {
  switch (failure.kind) {
    case "claims":
      return {
        code: "AuthorizationError",
        message: "Authorization failure due to missing or invalid authorization claims.",
      };
    case "metadata":
      return {
        code: "AuthorizationError",
        message:
          "Could not retrieve authorization metadata. If this issue persists use a different target model to copy into.",
      };
    case "resource":
      return {
        code: "ResourceResolverError",
        // Two full stops, as the service has them.
        message: `Could not fetch information for Cognitive resource with Id '${failure.resourceId}'. Ensure the resource is valid and exists in the specified region '${failure.region}'..`,
      };
    case "downgrade":
      return {
        code: "DataProtectionTransformServiceError",
        message:
          "Data transfer request is not allowed as it downgrades to a less secure data protection scheme. Refer documentation or contact your service administrator for details.",
      };
    case "limit":
      return {
        code: "1014",
        message: `Account cannot create more than ${failure.limit} models.`,
      };
    case "source-gone":
      return { code: "1022", message: `Model with 'id=${failure.id}' not found.` };
    case "parts":
      return { code: "ModelComposeError", message: partsReason(failure.missing) };
    case "fault":
      return { code: failure.code, message: failure.message };
  }
}

/** As the operation of 2022-08-31 and later has it. */
export function operationFailure(failure: CopyFailure): ErrorBody {
  switch (failure.kind) {
    case "limit":
      return modelLimit(failure.limit).body;
    case "source-gone":
      return unknownModel().body;
    case "parts":
      return cannotCompose(partsReason(failure.missing)).body;
    case "fault":
      return { code: failure.code, message: failure.message };
    default: {
      const inner = failure.kind === "downgrade" ? "InvalidDataProtectionKey" : "AuthorizationFailed";
      return {
        code: "Forbidden",
        message: "Access forbidden due to policy or other configuration.",
        innererror: {
          code: inner,
          message: `Authorization failed: ${plainFailure(failure).message}`,
        },
      };
    }
  }
}

function partsReason(missing: string): string {
  return `'${missing}' was not found in the target resource.`;
}
