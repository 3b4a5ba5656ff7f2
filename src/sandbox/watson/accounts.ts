/**
 * Who may call: API keys of IBM Cloud, users of Cloud Pak for Data, and the tokens that both are exchanged for. Tokens are signed JWTs
 * that outlive a restart of the stand-in, end when their time is up, and can be revoked all at once.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

import { randomHex, systemClock } from "../../model/clock.ts";
import { unauthorized } from "./errors.ts";

/** Life of a token when nothing else is configured, seconds (that of the services). */
export const DEFAULT_TOKEN_SECONDS = 3600;

const TOKEN_ID_BYTES = 8;
const MS_PER_SECOND = 1000;
const BASIC_USER = "apikey";

/** A user of Cloud Pak for Data. */
export interface WatsonUser {
  readonly username: string;
  readonly password: string;
  readonly apiKey?: string;
}

export interface AccountOptions {
  readonly apiKeys: readonly string[];
  readonly users: readonly WatsonUser[];
  readonly tokenSeconds: number;
}

export interface IssuedToken {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
  /** Seconds since 1970. */
  readonly expiration: number;
}

export class Accounts {
  readonly #options: AccountOptions;
  readonly #key: string;
  /** Tokens issued up to here are void, ms since 1970. */
  #revoked = 0;

  constructor(options: AccountOptions) {
    this.#options = options;
    // Stand-ins with the same keys take each other's tokens, as one token of the cloud opens every service.
    this.#key = JSON.stringify([options.apiKeys, options.users]);
  }

  hasApiKey(apiKey: string): boolean {
    return this.#options.apiKeys.includes(apiKey);
  }

  hasUser(username: string, secret: { readonly password?: string; readonly apiKey?: string }): boolean {
    return this.#options.users.some(
      (user) =>
        user.username === username &&
        (secret.apiKey === undefined
          ? user.password === secret.password
          : (user.apiKey ?? this.#options.apiKeys[0]) === secret.apiKey),
    );
  }

  /** Token times are the machine's whatever the stand-in's clock says: clients judge them by their own. */
  issue(subject: string): IssuedToken {
    const now = Math.max(systemClock.now(), this.#revoked + 1);
    const issued = Math.floor(now / MS_PER_SECOND);
    const expiresIn = this.#options.tokenSeconds;
    const expiration = issued + expiresIn;
    const text = [
      { alg: "HS256", typ: "JWT" },
      { sub: subject, jti: randomHex(TOKEN_ID_BYTES), iat: issued, exp: expiration, issued_ms: now },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    return { token: `${text}.${this.#sign(text)}`, expiresIn, expiration };
  }

  /** Makes every token so far void. */
  revokeTokens(): void {
    this.#revoked = Math.max(systemClock.now(), this.#revoked + 1);
  }

  /** Throws 401 unless the request brings a key or a token that is good now. `accessToken` is the query parameter of WebSockets. */
  check(authorization: string | undefined, accessToken: string | null): void {
    const [scheme = "", value = ""] = (authorization ?? "").split(" ");
    if (scheme.toLowerCase() === "basic") {
      const [user, ...rest] = Buffer.from(value, "base64").toString("utf8").split(":");
      if (user === BASIC_USER && this.hasApiKey(rest.join(":"))) return;
    } else if (scheme.toLowerCase() === "bearer") {
      if (this.#isGood(value)) return;
    } else if (accessToken !== null && this.#isGood(accessToken)) {
      return;
    }
    throw unauthorized();
  }

  #isGood(token: string): boolean {
    const [header = "", payload = "", signature = ""] = token.split(".");
    const expected = Buffer.from(this.#sign(`${header}.${payload}`));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as {
      exp: number;
      issued_ms: number;
    };
    return claims.exp * MS_PER_SECOND > systemClock.now() && claims.issued_ms > this.#revoked;
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}
