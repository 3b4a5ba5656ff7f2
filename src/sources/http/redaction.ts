/**
 * Taking credentials out of a service's own words: something on the way may quote the headers of the request it refuses.
 */

/** What stands in a credential's place. */
const REMOVED = "[removed]";
/** Shorter pieces of a credential are ordinary words; taking them out would hide what the service says. */
const SHORTEST_SECRET = 4;

/** A function that removes these secrets, their tokens and what is encoded in them from a text. */
export function redactor(values: readonly string[]): (text: string) => string {
  const secrets = [...new Set(values.flatMap(secretsIn))]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((words, secret) => words.replaceAll(secret, REMOVED), text);
}

/** `Basic …`, `Bearer …`, `AuthSession=…`: the whole, the token, and for Basic the password inside. */
function secretsIn(value: string): string[] {
  const token = value.replace(/^(?:Basic|Bearer)\s+|^AuthSession=/i, "");
  const inside = /^Basic\s/i.test(value) ? Buffer.from(token, "base64").toString("utf8") : "";
  return [value, token, inside, inside.slice(inside.indexOf(":") + 1)];
}
