/**
 * The canonical bytes of what the services list: equal for equal content, whatever the order of members and the spaces between them.
 * Texts are compared by code point: nothing is folded, trimmed or normalised.
 */

/** `without`: members of the object itself that do not count. */
export function canonicalBytes(element: Buffer, without: readonly string[] = []): Buffer {
  const value = JSON.parse(element.toString("utf8")) as unknown;
  return Buffer.from(canonicalText(value, without), "utf8");
}

/** The same for a value that has been read already. */
export function canonicalText(value: unknown, without: readonly string[] = []): string {
  return JSON.stringify(ordered(value, new Set(without)));
}

const NOTHING: ReadonlySet<string> = new Set();

function ordered(value: unknown, without: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((element) => ordered(element, NOTHING));
  if (typeof value !== "object" || value === null) return value;
  const members = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(members).filter((name) => !without.has(name));
  return Object.fromEntries(names.sort().map((name) => [name, ordered(members[name], NOTHING)]));
}
