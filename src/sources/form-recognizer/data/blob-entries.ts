/**
 * Files as the vendor's client shows them, and as we do.
 */
import type { ContainerListBlobFlatSegmentResponse } from "@azure/storage-blob";
import { HoldfastError } from "../../../model/errors.ts";
import { compareKeys, keyOf } from "../../../model/key.ts";
import type { BlobEntry } from "./face.ts";

/** One page of a list; `next` asks for the one after it. */
export interface ListedPage {
  readonly entries: readonly BlobEntry[];
  readonly next: string | undefined;
}

export function listedPage(page: ContainerListBlobFlatSegmentResponse | undefined): ListedPage {
  // Whatever else answers with 200, a proxy's page, would read as an empty container: and that as everything being deleted.
  if (page === undefined || !page.containerName || page.requestId === undefined) {
    throw new HoldfastError(
      "source-protocol",
      "could not list a container: what answered is not a blob service",
    );
  }
  const entries = page.segment.blobItems
    .filter(({ metadata }) => !isFolder(metadata))
    .map(({ name, properties }) => entryOf(name, properties))
    .sort((a, b) => compareKeys(keyOf(a.name), keyOf(b.name)));
  return { entries, next: page.continuationToken === "" ? undefined : page.continuationToken };
}

/** Accounts with real folders list these too. */
export function isFolder(metadata: Readonly<Record<string, string>> | undefined): boolean {
  return metadata?.["hdi_isfolder"] === "true";
}

export function entryOf(
  name: string,
  properties: {
    readonly contentLength?: number;
    readonly etag?: string;
    readonly lastModified?: Date;
    readonly contentType?: string;
    readonly contentMD5?: Uint8Array;
  },
): BlobEntry {
  const { contentLength, etag, lastModified, contentType, contentMD5 } = properties;
  if (contentLength === undefined || etag === undefined || lastModified === undefined) {
    throw new HoldfastError("source-protocol", `"${name}" is listed without its length, etag or time`);
  }
  return {
    name,
    length: contentLength,
    etag: bareEtag(etag),
    lastModified: lastModified.getTime(),
    contentType: contentType ?? "",
    md5: contentMD5 === undefined ? "" : Buffer.from(contentMD5).toString("base64"),
  };
}

/** Lists show them bare, answers in quotes. */
export function bareEtag(etag: string): string {
  return etag.replaceAll('"', "");
}
