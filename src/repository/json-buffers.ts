/**
 * Bytes inside JSON objects, as `{"$b":"<base64>"}`: manifests and checkpoints hold wrapped keys and sealed bounds.
 */

/** A copy of `value` in which every Buffer has become a JSON object. */
export function encodeBuffers(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return { $b: value.toString("base64") };
  if (Array.isArray(value)) return value.map(encodeBuffers);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, encodeBuffers(member)]));
  }
  return value;
}

/** The reverse of `encodeBuffers`. */
export function decodeBuffers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeBuffers);
  if (value !== null && typeof value === "object") {
    if ("$b" in value && typeof value.$b === "string") return Buffer.from(value.$b, "base64");
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, decodeBuffers(member)]));
  }
  return value;
}
