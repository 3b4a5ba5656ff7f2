/**
 * Members of an entry of the service's listings. Older installations leave some out: these are empty then.
 */
import { HoldfastError } from "../../model/errors.ts";

/** Errors: `source-protocol`. */
export function entryOf(raw: Buffer): Record<string, unknown> {
  try {
    const entry = JSON.parse(raw.toString("utf8")) as unknown;
    if (typeof entry === "object" && entry !== null) return entry as Record<string, unknown>;
  } catch {
    // Told below, with what came instead left out: it may be anything.
  }
  throw new HoldfastError("source-protocol", "An entry of a listing is no JSON object.");
}

export function required(entry: Readonly<Record<string, unknown>>, member: string): string {
  const value = entry[member];
  if (typeof value === "string" && value !== "") return value;
  throw new HoldfastError("source-protocol", `An entry of a listing has no ${member}.`);
}

export function text(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

export function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
