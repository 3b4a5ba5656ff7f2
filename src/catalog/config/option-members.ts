/**
 * Members of what connects to a source, from members of the configuration that may be absent.
 */
import { durationMs } from "./duration.ts";

export function optionalMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : durationMs(text);
}

/** The members that have a value: an option that is present and undefined would hide the source's own default. */
export function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}
