/**
 * CouchDB's cookie sessions.
 */
import type { Clock } from "../../../model/clock.ts";
import { HoldfastError } from "../../../model/errors.ts";
import type { Authorizer, HttpClient } from "../../http/http-client.ts";
import { renewedCredential } from "../../http/renewed-credential.ts";

/** CouchDB's default session life (s), used when the cookie does not tell. */
const DEFAULT_MAX_AGE_S = 600;

/** `http` is asked for at first use, because the client that makes the request is the one that needs the session. */
export function sessionAuthorizer(
  http: () => HttpClient,
  username: string,
  password: string,
  clock: Clock,
): Authorizer {
  return renewedCredential(async (signal) => {
    const cookie = await http().exchange(
      {
        method: "POST",
        path: "/_session",
        purpose: "open a session",
        repeatable: true,
        anonymous: true,
        secrets: [password],
        outsideLimits: true,
        body: Buffer.from(JSON.stringify({ name: username, password }), "utf8"),
      },
      (answer) => Promise.resolve(answer.headers["set-cookie"] ?? ""),
      signal,
    );
    const value = /(?:^|[,\s])AuthSession=([^;,\s]+)/.exec(cookie)?.[1];
    if (value === undefined) {
      throw new HoldfastError(
        "source-unauthorized",
        `could not open a session at ${http().address.shown}: it answered without a session cookie`,
      );
    }
    const maxAge = Number(/max-age=(\d+)/i.exec(cookie)?.[1] ?? DEFAULT_MAX_AGE_S);
    return { headers: { cookie: `AuthSession=${value}` }, lifetimeMs: maxAge * 1000 };
  }, clock);
}
