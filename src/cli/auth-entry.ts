/**
 * The `auth` member of a source, from the options of `source add`.
 */
import type { SourceEntry } from "../catalog/config/schema.ts";
import { HoldfastError } from "../model/errors.ts";
import type { Invocation } from "./invocation.ts";

export type SourceKind = SourceEntry["kind"];

export const AUTH_TYPES = [
  "none",
  "basic",
  "session",
  "iam",
  "apikey",
  "bearer",
  "cp4d",
  "key",
  "entra",
] as const;
export type AuthType = (typeof AUTH_TYPES)[number];

export interface AuthOptions {
  readonly auth?: AuthType;
  readonly username?: string;
  readonly password?: string;
  readonly apiKey?: string;
  readonly tokenUrl?: string;
  readonly token?: string;
  readonly authUrl?: string;
  readonly key?: string;
  readonly tenant?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
}

type Part = Exclude<keyof AuthOptions, "auth">;

interface TypeParts {
  readonly needs: readonly Part[];
  readonly may: readonly Part[];
}

/** What belongs to each type of login. */
const PARTS: Readonly<Record<AuthType, TypeParts>> = {
  none: { needs: [], may: [] },
  basic: { needs: ["username", "password"], may: [] },
  session: { needs: ["username", "password"], may: [] },
  iam: { needs: ["apiKey"], may: ["tokenUrl"] },
  apikey: { needs: ["apiKey"], may: [] },
  bearer: { needs: ["token"], may: [] },
  cp4d: { needs: ["authUrl", "username"], may: ["password", "apiKey"] },
  key: { needs: ["key"], may: [] },
  entra: { needs: ["tenant", "clientId", "clientSecret"], may: [] },
};

const WATSON_TYPES = ["none", "iam", "apikey", "bearer", "cp4d"] as const;

/** Which types of login the kinds have. */
const TYPES: Readonly<Record<SourceKind, readonly AuthType[]>> = {
  couchdb: ["none", "basic", "session", "iam"],
  "watson-tts": WATSON_TYPES,
  "watson-stt": WATSON_TYPES,
  "form-recognizer": ["key", "bearer", "entra"],
};

const ALL_PARTS: readonly Part[] = [
  "username",
  "password",
  "apiKey",
  "tokenUrl",
  "token",
  "authUrl",
  "key",
  "tenant",
  "clientId",
  "clientSecret",
];
const SECRETS: ReadonlySet<Part> = new Set<Part>(["password", "apiKey", "token", "key", "clientSecret"]);

/** Errors: `usage` for parts that are missing, do not belong together, or are no references. */
export async function authEntry(
  invocation: Invocation,
  kind: SourceKind,
  options: AuthOptions,
): Promise<unknown> {
  const { flagReference } = await import("../catalog/config/effective.ts");
  const type = options.auth ?? guess(options);
  if (!TYPES[kind].includes(type)) {
    throw new HoldfastError(
      "usage",
      `Sources of kind ${kind} have no login type ${type}, but ${TYPES[kind].join(", ")}.`,
    );
  }
  const { needs, may } = PARTS[type];
  const given = ALL_PARTS.filter((part) => options[part] !== undefined);
  const stray = given.find((part) => !needs.includes(part) && !may.includes(part));
  if (stray !== undefined) {
    throw new HoldfastError("usage", `${flagOf(stray)} does not go with the login type ${type}.`);
  }
  const missing = needs.find((part) => !given.includes(part));
  if (missing !== undefined) {
    throw new HoldfastError("usage", `This login type needs ${flagOf(missing)} too.`);
  }
  if (type === "none") return "none";
  const members = given
    .toSorted((a, b) => rank(needs, a) - rank(needs, b))
    .map((part) => {
      const text = options[part] as string;
      return [part, SECRETS.has(part) ? flagReference(flagOf(part), text, invocation.inputs) : text];
    });
  return { type, ...Object.fromEntries(members) };
}

/** What the parts mean when no type is named. */
function guess(options: AuthOptions): AuthType {
  const { authUrl, token, apiKey, username, password, key, tenant, clientId, clientSecret } = options;
  if (key !== undefined) return "key";
  if ([tenant, clientId, clientSecret].some((part) => part !== undefined)) return "entra";
  if (authUrl !== undefined) return "cp4d";
  if (token !== undefined) return "bearer";
  if (apiKey !== undefined) return "iam";
  return username !== undefined || password !== undefined ? "basic" : "none";
}

/** Needed parts first, in the order in which the file is read. */
function rank(needs: readonly Part[], part: Part): number {
  const place = needs.indexOf(part);
  return place === -1 ? needs.length : place;
}

function flagOf(part: Part): string {
  return `--${part.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
