/**
 * Who asks, and what a database's security object allows them.
 */
import { CouchError, unauthorized } from "./errors.ts";

export interface User {
  /** Null for a caller who has not said. */
  readonly name: string | null;
  readonly roles: readonly string[];
  /** How the caller was recognised, as `GET /_session` tells it. */
  readonly authenticated?: "default" | "cookie" | "iam";
}

interface SecurityGroup {
  readonly names?: unknown;
  readonly roles?: unknown;
}

export function isServerAdmin(user: User): boolean {
  return user.roles.includes("_admin");
}

/** Throws 401. */
export function requireServerAdmin(user: User): void {
  if (!isServerAdmin(user)) throw unauthorized("You are not a server admin.");
}

export function isDatabaseAdmin(user: User, security: string): boolean {
  return isServerAdmin(user) || isIn(user, groupOf(security, "admins"));
}

/** Throws 401 for a caller without a name and 403 for a named one. */
export function requireDatabaseAdmin(user: User, security: string): void {
  if (!isDatabaseAdmin(user, security)) throw refusal(user, "You are not a db or server admin.");
}

function refusal(user: User, reason: string): CouchError {
  return user.name === null ? unauthorized(reason) : new CouchError(403, "forbidden", reason);
}

/** Throws 401 for a caller without a name and 403 for a named one without rights. */
export function requireMember(user: User, security: string): void {
  if (isDatabaseAdmin(user, security)) return;
  const members = groupOf(security, "members");
  if (list(members.names).length === 0 && list(members.roles).length === 0) return;
  if (isIn(user, members)) return;
  throw refusal(
    user,
    user.name === null
      ? "You are not authorized to access this db."
      : "You are not allowed to access this db.",
  );
}

function groupOf(security: string, group: "admins" | "members"): SecurityGroup {
  const value = (JSON.parse(security) as Record<string, unknown>)[group];
  return typeof value === "object" && value !== null ? value : {};
}

function isIn(user: User, group: SecurityGroup): boolean {
  if (user.name !== null && list(group.names).includes(user.name)) return true;
  return list(group.roles).some((role) => user.roles.includes(String(role)));
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
