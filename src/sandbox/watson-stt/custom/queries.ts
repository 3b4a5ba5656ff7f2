/**
 * Query parameters of customisation requests.
 */
import { badRequest } from "../../watson/errors.ts";
import type { Exchange } from "../../watson/exchange.ts";

/** Throws 400 for anything but `true` and `false`. */
export function flag(exchange: Exchange, name: string, otherwise: boolean): boolean {
  const text = exchange.query.get(name);
  if (text === null) return otherwise;
  if (text !== "true" && text !== "false") throw invalid(name, text);
  return text === "true";
}

/** Throws 400 for anything but one of the values. */
export function choice<const Value extends string>(
  exchange: Exchange,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const text = exchange.query.get(name);
  if (text === null) return undefined;
  const value = values.find((candidate) => candidate === text);
  if (value === undefined) throw invalid(name, text);
  return value;
}

/** What the service says in a model when the request had query parameters that it does not know. */
export function queryWarning(exchange: Exchange, known: readonly string[]): string | undefined {
  const unknown = [...new Set(exchange.query.keys())].filter(
    (name) => !known.includes(name) && !COMMON.has(name),
  );
  if (unknown.length === 0) return undefined;
  return `Unexpected query parameter(s) [${unknown.map((name) => `'${name}'`).join(", ")}] detected`;
}

const COMMON = new Set(["access_token"]);

export function invalid(name: string, value: string): Error {
  return badRequest(`Invalid value '${value}' for query parameter '${name}'`);
}
