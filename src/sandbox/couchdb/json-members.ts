/**
 * The members of a JSON object as texts, and what CouchDB makes of names that repeat.
 */

/** Members of one object: name tokens (normalised, with quotes) beside normalised value texts. */
export interface Members {
  readonly names: string[];
  readonly values: string[];
}

/** A container whose end is still to come. */
export interface Container extends Members {
  readonly isObject: boolean;
}

/** The text of a container that has come to its end. */
export function closeText({ isObject, names, values }: Container): string {
  if (!isObject) return `[${values.join(",")}]`;
  const members = hasRepeats(names) ? withoutRepeats(names, values) : { names, values };
  let text = "";
  for (let i = 0; i < members.names.length; i++) {
    text += `${i > 0 ? "," : ""}${members.names[i]}:${members.values[i]}`;
  }
  return `{${text}}`;
}

export function hasRepeats(names: readonly string[]): boolean {
  if (names.length > 8) return new Set(names).size < names.length;
  for (let i = 1; i < names.length; i++) {
    for (let j = 0; j < i; j++) if (names[i] === names[j]) return true;
  }
  return false;
}

/** Of equal names the last one stays, at its own place. */
export function withoutRepeats(names: readonly string[], values: readonly string[]): Members {
  const last = new Map<string, number>();
  for (const [i, name] of names.entries()) last.set(name, i);
  return {
    names: names.filter((name, i) => last.get(name) === i),
    values: values.filter((_, i) => last.get(names[i] ?? "") === i),
  };
}
