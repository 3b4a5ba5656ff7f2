import { describe, expect, it } from "vitest";
import { formDialect, readServiceError } from "../../../src/sources/form-recognizer/service/dialect.ts";
import { copyFailure, explain, explainedText } from "../../../src/sources/form-recognizer/service/explain.ts";

const METADATA =
  "Could not retrieve authorization metadata. If this issue persists use a different target model to copy into.";
const CLAIMS = "Authorization failure due to missing or invalid authorization claims.";
const DOWNGRADE =
  "Data transfer request is not allowed as it downgrades to a less secure data protection scheme. Refer documentation or contact your service administrator for details.";
const RESOLVER =
  "Could not fetch information for Cognitive resource with Id '/subscriptions/x'. Ensure the resource is valid and exists in the specified region 'westus2'..";

describe("what the service's errors mean", () => {
  /** Code, text, status, and words that the advice must hold. */
  const errors: readonly [string, string, number | undefined, RegExp][] = [
    [
      "1002",
      "Copy request is invalid. Field 'TargetResourceId' must be a valid Azure Resource ID.",
      400,
      /resourceId/,
    ],
    [
      "1002",
      "Copy request is invalid. Field 'TargetResourceRegion' must be a valid Azure region name.",
      400,
      /westus2/,
    ],
    ["1002", "Copy request is invalid.", 400, /authorisation.*expired/],
    ["InvalidParameter", "The parameter targetResourceRegion is invalid: x", 400, /region/],
    ["ParameterMissing", "The parameter accessToken is required.", 400, /authorisation/],
    ["AuthorizationError", METADATA, undefined, /First compare the target's region/],
    ["AuthorizationError", CLAIMS, undefined, /not the one that the target issued/],
    [
      "AuthorizationFailed",
      `Authorization failed: ${METADATA}`,
      undefined,
      /First compare the target's region/,
    ],
    ["AuthorizationFailed", `Authorization failed: ${CLAIMS}`, undefined, /rewrites bodies/],
    ["AuthorizationFailed", "Authorization failed.", 403, /resource id and region/],
    ["DataProtectionTransformServiceError", DOWNGRADE, undefined, /allow the downgrade.*explicitly/],
    ["InvalidDataProtectionKey", DOWNGRADE, undefined, /allow the downgrade.*explicitly/],
    ["InvalidDataProtectionKey", "Data protection key is invalid.", 403, /customer-managed keys/],
    ["ResourceResolverError", RESOLVER, undefined, /Azure portal/],
    ["OutboundAccessForbidden", "The request contains a domain name that is not allowed.", 403, /outbound/],
    ["1999", "An error occurred during model copy.", 500, /Look for the copy in the target/],
    ["1022", "Model with 'id=x' not found.", 404, /no model of this id/],
    ["ModelNotFound", "The requested model was not found.", 404, /no model of this id/],
    ["OperationNotFound", "The requested operation was not found.", 404, /24 hours/],
    ["1001", "Specified model not found or not ready", 400, /component/],
    ["2001", "Invalid path.", undefined, /SAS/],
    ["ModelNotReady", "Model is not ready for the requested operation.", 400, /name of the copy was used/],
    ["ModelExists", "A model with the provided name already exists.", 409, /reserved.*cannot be freed/],
    ["DocumentModelLimit", "Account cannot create more than 500 models.", 400, /placeholders/],
    ["DocumentModelLimitNeural", "Account cannot create more than 100 models.", 400, /neural/],
    ["DocumentModelLimitComposed", "Account cannot create a model with more than 5.", 400, /S0/],
    ["ModelComposeError", "Error occurred when composing models.", 400, /component/],
    ["NotSupportedApiVersion", "The requested API version is not supported.", 400, /apiVersion/],
    ["ModelReadOnly", "The model is read-only.", 400, /prebuilt/],
    ["InvalidContentSourceFormat", "Invalid content source.", 400, /CONTAINER/],
    ["401", "Access denied due to invalid subscription key", 401, /own endpoint/],
    ["", "", 401, /own endpoint/],
    ["403", "Access denied due to Virtual Network/Firewall rules.", 403, /networking/],
    ["AuthenticationTypeDisabled", "Key based authentication is disabled for this resource.", 403, /Entra/],
    ["404", "Resource not found", 404, /endpoint without/],
    ["429", "have exceeded rate limit", 429, /does not use its authorisation up/],
    ["MethodNotAllowed", "The requested HTTP method is not allowed.", 405, /url/],
    ["UnsupportedMediaType", "Request content type is not supported.", 415, /proxy/],
    [
      "ServiceUnavailable",
      "A transient error has occurred. Try again.",
      503,
      /looked for before anything is sent twice/,
    ],
    ["", "", 502, /not known/],
  ];
  for (const [code, message, status, advice] of errors) {
    it(`${status ?? "failed"} ${code}: "${message.slice(0, 60)}" says what happened, whether anything was lost and what to do`, () => {
      const worded = { code, message, ...(status === undefined ? {} : { status }) };
      const found = explain(worded);
      for (const part of [found?.happened, found?.lost, found?.next]) expect(part).toMatch(/^[A-Z].*\.$/s);
      expect(explainedText(worded)).toMatch(advice);
    });
  }

  it("a copy that failed is told apart by the code or by the text that later versions wrap", () => {
    expect(copyFailure("AuthorizationError", METADATA)).toBe("metadata");
    expect(copyFailure("AuthorizationError", CLAIMS)).toBe("claims");
    expect(copyFailure("InvalidDataProtectionKey", DOWNGRADE)).toBe("downgrade");
    expect(copyFailure("DataProtectionTransformServiceError", "")).toBe("downgrade");
    expect(copyFailure("ResourceResolverError", RESOLVER)).toBe("resource");
    expect(copyFailure("InternalServerError", "An unexpected error occurred.")).toBe("other");
  });

  it("nothing is made up about an error that is not known", () => {
    expect(explainedText({ status: 400, code: "Novelty", message: "Something new." })).toBe("");
  });
});

describe("reading errors", () => {
  it("takes the innermost code, its message, the target and the details", () => {
    expect(
      readServiceError({
        code: "InvalidArgument",
        message: "Invalid argument.",
        target: "docTypes",
        details: [{ code: "TrainingContentMissing", message: "Training data is missing." }],
        innererror: {
          code: "InvalidContent",
          innererror: { code: "ModelBuildError", message: "Could not build." },
        },
      }),
    ).toEqual({
      code: "ModelBuildError",
      message: "Could not build.; concerning docTypes; TrainingContentMissing: Training data is missing.",
    });
  });

  it("takes what is no error of the service's for none", () => {
    for (const body of ["<html>bad gateway</html>", "", "[]", "7", '{"error":"text"}', "null"]) {
      expect(formDialect.explain(502, body), body).toEqual({ error: "", reason: "" });
    }
  });

  it("quotes no query of an address: it may be a signature", () => {
    const { message } = readServiceError({
      code: "InvalidContentSource",
      message:
        "Could not read https://account.blob.core.windows.net/c?sv=2022&sig=SECRET%3D now, sig=SECRET2.",
    });
    expect(message).toBe("Could not read https://account.blob.core.windows.net/c now, sig=[removed]");
  });
});
