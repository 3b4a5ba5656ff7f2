/**
 * What CouchDB makes of a number, as text: two numbers are the same to CouchDB exactly when these texts are equal.
 *
 * Integers are exact at any size; anything with a point or an exponent is a double and stays recognisable as one
 * (`1` and `1.0` differ). Doubles are told apart by their value, since CouchDB writes the shortest text of it.
 */

/**
 * The smallest double that CouchDB reads back from its own text: it writes `5e-324` for the one below and takes
 * that text for `0.0` (seen on 3.5.0; `1e-323` survives).
 */
const SMALLEST_READABLE_DOUBLE = 2 * Number.MIN_VALUE;

/** `text` must be one valid JSON number. */
export function canonicalNumber(text: string): string {
  if (!/[.eE]/.test(text)) return text === "-0" ? "0" : text;
  const value = Number(text);
  // Too large for a double: CouchDB refuses it, so it can only stand for itself.
  if (!Number.isFinite(value)) return text.toLowerCase();
  if (Math.abs(value) < SMALLEST_READABLE_DOUBLE) return "0.0";
  const shortest = String(value);
  return /[.e]/.test(shortest) ? shortest : `${shortest}.0`;
}
