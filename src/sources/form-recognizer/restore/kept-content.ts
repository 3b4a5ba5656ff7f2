/**
 * Putting kept files into a container, and telling whether a file that is there is the kept one already.
 */
import { createHash } from "node:crypto";
import type { BlobRef } from "../../../model/version.ts";
import type { BlobEntry, BlobProperties, Container } from "../data/face.ts";
import type { FormRestore } from "./run.ts";

interface KeptContent {
  readonly properties: BlobProperties;
  readonly content: BlobRef;
}

/** Compared by etag or MD5; only where the service tells neither, its content is read. */
export async function isKeptContent(
  container: Container,
  entry: BlobEntry,
  { properties, content }: KeptContent,
  signal: AbortSignal,
): Promise<boolean> {
  if (entry.etag === properties.etag) return true;
  if (entry.length !== properties.length) return false;
  if (entry.md5 !== "" && properties.md5 !== "") return entry.md5 === properties.md5;
  const hash = createHash("sha256");
  for await (const piece of container.read(entry, signal)) hash.update(piece);
  return hash.digest("hex") === content.sha256;
}

export async function writeKeptContent(
  { request, context }: FormRestore,
  container: Container,
  name: string,
  { properties, content }: KeptContent,
): Promise<void> {
  await container.write(
    name,
    {
      length: properties.length,
      type: properties.contentType,
      open: () => request.reader.blob(content),
    },
    context.signal,
  );
}
