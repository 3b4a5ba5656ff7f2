/**
 * What `GET /db` tells, in one shape for every server that speaks the protocol.
 */
export interface DatabaseInfo {
  readonly name: string;
  readonly docCount: number;
  /** Undefined where the server does not count tombstones (PouchDB). */
  readonly docDelCount: number | undefined;
  /** Opaque: a string, a number or an array. */
  readonly updateSeq: unknown;
  /** Opaque; undefined where the server does not tell. */
  readonly purgeSeq: unknown;
  /** Creation time on CouchDB 3.3+, server start on PouchDB; empty or "0" where it tells nothing. */
  readonly instanceStartTime: string;
  /** Uncompressed bytes of all bodies and attachments; undefined where not told. */
  readonly externalBytes: number | undefined;
  readonly partitioned: boolean;
  /** Shards and copies; undefined on a server without clusters. */
  readonly q: number | undefined;
  readonly n: number | undefined;
}

export function databaseInfo(json: unknown): DatabaseInfo {
  const info = json as Record<string, unknown>;
  const sizes = (info["sizes"] ?? {}) as Record<string, unknown>;
  const cluster = (info["cluster"] ?? {}) as Record<string, unknown>;
  const props = (info["props"] ?? {}) as Record<string, unknown>;
  const start = info["instance_start_time"];
  return {
    name: text(info["db_name"]),
    docCount: numberOf(info["doc_count"]) ?? 0,
    docDelCount: numberOf(info["doc_del_count"]),
    updateSeq: info["update_seq"],
    purgeSeq: info["purge_seq"],
    instanceStartTime: typeof start === "number" ? String(start) : text(start),
    externalBytes: numberOf(sizes["external"]),
    partitioned: props["partitioned"] === true,
    q: numberOf(cluster["q"]),
    n: numberOf(cluster["n"]),
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
