/**
 * The kinds of endpoint by which requests are counted.
 */
export { RequestCounts as RequestLog } from "../http/request-counts.ts";

/** The endpoint's name: its last reserved segment (`_bulk_get`), or `server`, `database`, `document`, `attachment`. */
export function endpointClass(segments: readonly string[]): string {
  const [first, second, third] = segments;
  if (first === undefined || first === "") return "server";
  if (first.startsWith("_") && !["_users", "_replicator", "_global_changes"].includes(first)) return first;
  if (second === undefined || second === "") return "database";
  if (second === "_partition") return segments[3] ?? "_partition";
  if (second === "_local") return "_local";
  if (second === "_design") return segments.length > 3 ? (segments[3] ?? "") : "document";
  if (second.startsWith("_design/")) return third === undefined ? "document" : third;
  if (second.startsWith("_local/")) return "_local";
  if (second.startsWith("_")) return second;
  return third === undefined ? "document" : "attachment";
}
