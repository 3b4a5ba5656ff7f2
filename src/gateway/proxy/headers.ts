/**
 * Which headers travel on: all but those that belong to one connection. Order, spelling and repetitions stay as they were.
 */

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Name and value in turn, as node's parser gives them and its writers take them. */
export type RawHeaders = readonly string[];

/** Headers of a request for the next connection, with its own `Host`. */
export function requestHeaders(raw: RawHeaders, host: string): string[] {
  const dropped = named(raw);
  const headers = ["Host", host];
  for (const [name, value] of pairs(raw)) {
    const lower = name.toLowerCase();
    if (lower === "host" || dropped.has(lower)) {
      // Only whether trailers are welcome is known beyond the connection.
      if (lower === "te" && /\btrailers\b/i.test(value)) headers.push("TE", "trailers");
      if (lower === "transfer-encoding") headers.push("Transfer-Encoding", "chunked");
      continue;
    }
    headers.push(name, value);
  }
  return headers;
}

/** Headers of a WebSocket handshake: the upgrade travels on. */
export function upgradeHeaders(raw: RawHeaders, host: string): string[] {
  const headers = ["Host", host];
  for (const [name, value] of pairs(raw)) if (name.toLowerCase() !== "host") headers.push(name, value);
  return headers;
}

export function answerHeaders(raw: RawHeaders): string[] {
  const dropped = named(raw);
  const headers: string[] = [];
  for (const [name, value] of pairs(raw)) if (!dropped.has(name.toLowerCase())) headers.push(name, value);
  return headers;
}

export function* pairs(raw: RawHeaders): Generator<[name: string, value: string]> {
  for (let at = 0; at + 1 < raw.length; at += 2) yield [raw[at] as string, raw[at + 1] as string];
}

/** The known ones and those that `Connection` names. */
function named(raw: RawHeaders): ReadonlySet<string> {
  const all = new Set(HOP_BY_HOP);
  for (const [name, value] of pairs(raw)) {
    if (name.toLowerCase() !== "connection") continue;
    for (const token of value.split(",")) all.add(token.trim().toLowerCase());
  }
  // A client may not make its own content disappear on the way.
  for (const kept of ["content-length", "content-type", "content-encoding", "authorization", "host"])
    all.delete(kept);
  return all;
}
