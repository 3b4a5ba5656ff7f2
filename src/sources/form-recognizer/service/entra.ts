/**
 * Microsoft Entra: an application's secret is exchanged for a bearer token that lives about an hour.
 */
import type { Clock } from "../../../model/clock.ts";
import { HoldfastError } from "../../../model/errors.ts";
import { refusalOf, type ServiceDialect } from "../../http/answer-failure.ts";
import type { RetryPolicy } from "../../http/backoff.ts";
import { HttpClient, type Authorizer, type TlsTrust } from "../../http/http-client.ts";
import { component } from "../../http/path-component.ts";
import { renewedCredential } from "../../http/renewed-credential.ts";
import { parseServiceAddress } from "../../http/service-address.ts";
import type { FormAuth } from "../config.ts";
import { boundedObject } from "./bounded-answer.ts";

/** The public cloud's; China: `https://login.chinacloudapi.cn`, US Government: `https://login.microsoftonline.us`. */
const PUBLIC_AUTHORITY = "https://login.microsoftonline.com";
/** China ends in `.cn`, US Government in `.us`. */
const PUBLIC_SCOPE = "https://cognitiveservices.azure.com/.default";

/** Entra's shortest usual token life (s), used when the answer does not tell. */
const DEFAULT_EXPIRES_IN_S = 3600;

/** What Entra's error numbers mean for whoever has to mend it. */
const ADVICE: Readonly<Record<string, string>> = {
  AADSTS7000215:
    "the client secret is wrong: give the secret's value, not its id, or make a new one for the application",
  AADSTS7000222: "the client secret has run out: make a new one for the application",
  AADSTS700016: "the tenant has no application with this client id",
  AADSTS90002: "there is no such tenant",
  AADSTS900023: "the tenant is neither an id nor a domain name",
  AADSTS1002012: "the scope must end in /.default",
  AADSTS500011:
    "the tenant does not know the scope's resource: other clouds need their own scope and authority",
};

const entraDialect: ServiceDialect = {
  // The description quotes the request's ids: only Entra's error number and word are repeated.
  explain(_status, body) {
    const word = /"error"\s*:\s*"([a-z_]+)"/.exec(body)?.[1] ?? "";
    return { error: /\bAADSTS\d+/.exec(body)?.[0] ?? word, reason: "" };
  },
  passing: (status) => status === 429 || status >= 500,
};

export interface EntraAuthorizer extends Authorizer, AsyncDisposable {}

export function entraAuthorizer(
  auth: Extract<FormAuth, { kind: "entra" }>,
  clock: Clock,
  retry: Partial<RetryPolicy>,
  tls?: TlsTrust,
): EntraAuthorizer {
  const http = new HttpClient({
    address: parseServiceAddress(auth.authority ?? PUBLIC_AUTHORITY),
    dialect: entraDialect,
    clock,
    retry,
    ...(tls === undefined ? {} : { tls }),
  });
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: auth.clientId,
    client_secret: auth.clientSecret,
    scope: auth.scope ?? PUBLIC_SCOPE,
  }).toString();

  const credential = renewedCredential(async (signal) => {
    const { body } = await http
      .exchange(
        {
          method: "POST",
          path: `/${component(auth.tenant)}/oauth2/v2.0/token`,
          purpose: "obtain a token of Microsoft Entra",
          repeatable: true,
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: Buffer.from(form, "utf8"),
          secrets: [auth.clientSecret],
        },
        boundedObject,
        signal,
      )
      .catch((error: unknown) => {
        throw refused(error);
      });
    const { access_token: accessToken, expires_in: expiresIn } = body;
    if (typeof accessToken !== "string") {
      throw new HoldfastError(
        "source-unauthorized",
        `could not obtain a token of Microsoft Entra at ${http.address.shown}: the answer holds none`,
      );
    }
    const seconds = Number(expiresIn);
    const life = Number.isFinite(seconds) && seconds > 0 ? seconds : DEFAULT_EXPIRES_IN_S;
    return { headers: { authorization: `Bearer ${accessToken}` }, lifetimeMs: life * 1000 };
  }, clock);
  return { ...credential, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() };
}

/** Entra answers 400 as well as 401 to what is a credential that was not accepted. */
function refused(error: unknown): unknown {
  const refusal = refusalOf(error);
  if (refusal === undefined || !(error instanceof HoldfastError)) return error;
  if (refusal.status !== 400 && refusal.status !== 401) return error;
  const advice = ADVICE[refusal.error];
  return new HoldfastError(
    "source-unauthorized",
    `${error.message}${advice === undefined ? "" : `: ${advice}`}`,
    { ...error.context, code: refusal.error },
    refusal,
  );
}
