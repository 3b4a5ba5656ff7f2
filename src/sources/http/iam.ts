/**
 * IBM Cloud IAM: an API key is exchanged for a bearer token that lives about an hour.
 */
import type { Clock } from "../../model/clock.ts";
import { HoldfastError } from "../../model/errors.ts";
import { HttpClient, type Authorizer, type TlsTrust } from "./http-client.ts";
import type { RetryPolicy } from "./backoff.ts";
import { parseServiceAddress } from "./service-address.ts";
import { readJson } from "./whole-answer.ts";
import { renewedCredential } from "./renewed-credential.ts";
import type { ServiceDialect } from "./answer-failure.ts";

export const IAM_TOKEN_URL = "https://iam.cloud.ibm.com/identity/token";

const GRANT_TYPE = "urn:ibm:params:oauth:grant-type:apikey";

/** IAM's usual token life (s), used when the answer does not tell. */
const DEFAULT_EXPIRES_IN_S = 3600;

const iamDialect: ServiceDialect = {
  // IAM's details may quote the request, so only its error number is repeated.
  explain(_status, body) {
    return { error: /"errorCode"\s*:\s*"([A-Z0-9]+)"/.exec(body)?.[1] ?? "", reason: "" };
  },
  passing: (status) => status === 429 || status >= 500,
};

export interface IamAuthorizer extends Authorizer, AsyncDisposable {}

export function iamAuthorizer(
  apiKey: string,
  tokenUrl: string,
  clock: Clock,
  retry: Partial<RetryPolicy>,
  tls?: TlsTrust,
): IamAuthorizer {
  const http = new HttpClient({
    address: parseServiceAddress(tokenUrl),
    dialect: iamDialect,
    clock,
    retry,
    ...(tls === undefined ? {} : { tls }),
  });
  const credential = renewedCredential(async (signal) => {
    const body = new URLSearchParams({ grant_type: GRANT_TYPE, apikey: apiKey }).toString();
    const token = await http
      .exchange(
        {
          method: "POST",
          path: "",
          purpose: "obtain an IAM token",
          repeatable: true,
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: Buffer.from(body, "utf8"),
        },
        readJson,
        signal,
      )
      .catch((error: unknown) => {
        // A wrong API key is answered 400: for whoever reads the message it is a credential that was not accepted.
        if (error instanceof HoldfastError && error.context.status === 400) {
          throw new HoldfastError("source-unauthorized", error.message, error.context, error);
        }
        throw error;
      });
    const { access_token: accessToken, expires_in: expiresIn } = token as {
      access_token?: unknown;
      expires_in?: unknown;
    };
    if (typeof accessToken !== "string") {
      throw new HoldfastError(
        "source-unauthorized",
        `could not obtain an IAM token at ${http.address.shown}: the answer holds none`,
      );
    }
    const seconds = typeof expiresIn === "number" ? expiresIn : DEFAULT_EXPIRES_IN_S;
    return { headers: { authorization: `Bearer ${accessToken}` }, lifetimeMs: seconds * 1000 };
  }, clock);
  return { ...credential, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() };
}
