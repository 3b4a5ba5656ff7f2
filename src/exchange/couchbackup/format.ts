/**
 * The words of couchbackup's file format (facts: the vendor's tool at version 2.11.12). A file is a line of metadata,
 * then lines of which each is an array of revisions; it has no end mark, no digest and no date.
 */

/** Written between two runs of the tool when it resumes; also at the end of a line that it left unfinished. */
export const RESUME_MARKER = '{"marker":"@cloudant/couchbackup:resume"}';

/** The first version that wrote metadata: a file needs nothing newer to be read. */
const METADATA_VERSION = "2.10.0";

export interface Metadata {
  readonly mode: "full" | "shallow";
  readonly attachments: boolean;
}

/** The first line, without its line end. */
export function metadataLine(attachments: boolean): string {
  return JSON.stringify({
    name: "@cloudant/couchbackup",
    version: METADATA_VERSION,
    mode: "full",
    attachments,
  });
}

/** What the first line says; undefined when it is no metadata. The tool does not look at the name either. */
export function readMetadata(line: string): Metadata | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { name, version, mode, attachments } = value as Record<string, unknown>;
  if (!name || !version || !mode) return undefined;
  return { mode: mode === "shallow" ? "shallow" : "full", attachments: attachments === true };
}
