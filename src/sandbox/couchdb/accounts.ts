/**
 * Who may come in: Basic credentials, `AuthSession` cookies, and bearer tokens as IBM IAM gives them for an API key.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

import { randomHex, systemClock } from "../../model/clock.ts";
import { CouchError, unauthorized } from "./errors.ts";
import type { User } from "./user.ts";

export interface Account {
  readonly name: string;
  readonly password: string;
  readonly roles: readonly string[];
}

export interface AccountsOptions {
  readonly accounts: readonly Account[];
  /** False: everybody is a server administrator. */
  readonly requireAuth: boolean;
  /** API keys that the token endpoint takes; each gives the rights of a server administrator. */
  readonly apiKeys: readonly string[];
  /** Life of a cookie, seconds. */
  readonly sessionSeconds: number;
  /** Life of a bearer token, seconds. */
  readonly tokenSeconds: number;
}

/** A caller, and a new cookie if the old one has used up a tenth of its life. */
export interface Recognised {
  readonly user: User;
  readonly cookie?: string;
}

export class Accounts {
  readonly #options: AccountsOptions;
  readonly #secret = randomHex(16);
  readonly #tokens = new Map<string, number>();

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  get sessionSeconds(): number {
    return this.#options.sessionSeconds;
  }

  /** Throws 401 for credentials that are wrong; none at all is an anonymous caller. */
  recognise(authorization: string | undefined, cookies: string | undefined): Recognised {
    if (!this.#options.requireAuth)
      return { user: { name: null, roles: ["_admin"], authenticated: "default" } };
    const [, scheme, credentials] = /^(\S+)\s+(.*)$/.exec(authorization ?? "") ?? [];
    if (scheme?.toLowerCase() === "basic") return { user: this.#basic(credentials ?? "") };
    if (scheme?.toLowerCase() === "bearer") return { user: this.#bearer(credentials ?? "") };
    const session = /(?:^|;\s*)AuthSession=([^;]*)/.exec(cookies ?? "")?.[1];
    if (session !== undefined && session !== "") return this.#cookie(session);
    return { user: { name: null, roles: [] } };
  }

  /** Throws 401. */
  logIn(name: string, password: string): User {
    const account = this.#options.accounts.find((candidate) => candidate.name === name);
    if (account === undefined || !sameText(account.password, password)) {
      throw unauthorized("Name or password is incorrect.");
    }
    return { name, roles: account.roles };
  }

  /** The value of a `Set-Cookie` header; for null one that ends the session. */
  cookieFor(name: string | null): string {
    const now = systemClock.now();
    const { sessionSeconds } = this.#options;
    const value = name === null ? "" : this.#sessionValue(name, Math.floor(now / 1000));
    const expires = new Date(now + sessionSeconds * 1000)
      .toUTCString()
      .replace(/(\d+) (\w+) (\d+)/, "$1-$2-$3");
    return name === null
      ? `AuthSession=; Version=1; Expires=${expires}; Max-Age=${sessionSeconds}; Path=/; HttpOnly`
      : `AuthSession=${value}; Version=1; Expires=${expires}; Max-Age=${sessionSeconds}; Path=/; HttpOnly`;
  }

  /** A bearer token for an API key, as IAM answers. Throws 400. */
  issueToken(apiKey: string): { token: string; expiresIn: number; expiration: number } {
    if (!this.#options.apiKeys.includes(apiKey)) {
      throw new CouchError(400, "BXNIM0415E", "Provided API key could not be found.");
    }
    const expiration = Math.floor(systemClock.now() / 1000) + this.#options.tokenSeconds;
    const token = `sandbox-${randomHex(24)}`;
    this.#tokens.set(token, expiration);
    return { token, expiresIn: this.#options.tokenSeconds, expiration };
  }

  #basic(credentials: string): User {
    const text = Buffer.from(credentials, "base64").toString("utf8");
    const colon = text.indexOf(":");
    const name = colon < 0 ? text : text.slice(0, colon);
    return { ...this.logIn(name, colon < 0 ? "" : text.slice(colon + 1)), authenticated: "default" };
  }

  #bearer(token: string): User {
    const expiration = this.#tokens.get(token);
    if (expiration === undefined || expiration * 1000 <= systemClock.now()) {
      throw unauthorized("Token is invalid or expired.");
    }
    return { name: "iam", roles: ["_admin"], authenticated: "iam" };
  }

  #cookie(session: string): Recognised {
    const text = Buffer.from(session, "base64url").toString("latin1");
    const [, name = "", time = ""] = /^(.*):([0-9A-F]+):/s.exec(text) ?? [];
    const user = this.#options.accounts.find(
      (account) => account.name === Buffer.from(name, "latin1").toString("utf8"),
    );
    const seconds = Number.parseInt(time, 16);
    if (user === undefined || !sameText(session, this.#sessionValue(user.name, seconds))) {
      throw new CouchError(400, "bad_request", "Malformed AuthSession cookie. Please clear your cookies.");
    }
    const { sessionSeconds } = this.#options;
    const left = seconds + sessionSeconds - systemClock.now() / 1000;
    if (left <= 0) return { user: { name: null, roles: [] } };
    const recognised: Recognised = { user: { name: user.name, roles: user.roles, authenticated: "cookie" } };
    return left < sessionSeconds * 0.9 ? { ...recognised, cookie: this.cookieFor(user.name) } : recognised;
  }

  #sessionValue(name: string, seconds: number): string {
    const head = `${name}:${seconds.toString(16).toUpperCase()}`;
    const mac = createHmac("sha256", this.#secret).update(head).digest();
    return Buffer.concat([Buffer.from(`${head}:`), mac]).toString("base64url");
  }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
