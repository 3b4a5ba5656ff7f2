/**
 * Cloud Pak for Data: a user's name and password (or API key) are exchanged for a platform token.
 */
import type { Clock } from "../../model/clock.ts";
import { HoldfastError } from "../../model/errors.ts";
import type { ServiceDialect } from "../http/answer-failure.ts";
import type { RetryPolicy } from "../http/backoff.ts";
import { HttpClient, type Authorizer, type TlsTrust } from "../http/http-client.ts";
import { renewedCredential } from "../http/renewed-credential.ts";
import { parseServiceAddress } from "../http/service-address.ts";
import { readJson } from "../http/whole-answer.ts";
import type { WatsonAuth } from "./config.ts";

const AUTHORIZE_PATH = "/v1/authorize";

/** Life of a token that does not tell its own (ms): an hour, well below the platform's usual twelve. */
const DEFAULT_LIFETIME_MS = 3_600_000;

/** The platform's words may quote the request, which holds the password: only its status is repeated. */
const platformDialect: ServiceDialect = {
  explain: () => ({ error: "", reason: "" }),
  passing: (status) => status === 429 || status >= 500,
};

export function cp4dAuthorizer(
  auth: Extract<WatsonAuth, { kind: "cp4d" }>,
  clock: Clock,
  retry: Partial<RetryPolicy>,
  tls: TlsTrust,
): Authorizer & AsyncDisposable {
  const url = auth.authUrl.replace(/\/+$/, "");
  const address = parseServiceAddress(url.endsWith(AUTHORIZE_PATH) ? url : url + AUTHORIZE_PATH);
  const http = new HttpClient({ address, dialect: platformDialect, clock, retry, tls });
  const secret = auth.apiKey === undefined ? { password: auth.password } : { api_key: auth.apiKey };
  const credential = renewedCredential(async (signal) => {
    const answer = (await http.exchange(
      {
        method: "POST",
        path: "",
        purpose: "obtain a platform token",
        repeatable: true,
        body: Buffer.from(JSON.stringify({ username: auth.username, ...secret }), "utf8"),
      },
      readJson,
      signal,
    )) as { token?: unknown };
    const { token } = answer;
    if (typeof token !== "string") {
      throw new HoldfastError(
        "source-unauthorized",
        `could not obtain a platform token at ${http.address.shown}: the answer holds none`,
      );
    }
    return { headers: { authorization: `Bearer ${token}` }, lifetimeMs: lifetimeOf(token) };
  }, clock);
  return { ...credential, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() };
}

/** From the token's own claims, which is all that the platform tells. */
function lifetimeOf(token: string): number {
  try {
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
    const { iat, exp } = JSON.parse(payload) as { iat?: unknown; exp?: unknown };
    if (typeof iat === "number" && typeof exp === "number" && exp > iat) return (exp - iat) * 1000;
  } catch {
    // Not a token with claims.
  }
  return DEFAULT_LIFETIME_MS;
}
