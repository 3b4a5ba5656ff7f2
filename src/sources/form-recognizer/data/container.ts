/**
 * A blob container of the customer: listed page by page, read and written in pieces. Repetitions are decided here and not in the vendor's
 * client, which is loaded at the first use: starting a command must not wait for it.
 */
import { createHash } from "node:crypto";
import type {
  BlobDownloadResponseParsed,
  ContainerClient,
  ContainerListBlobFlatSegmentResponse,
} from "@azure/storage-blob";
import type { Clock } from "../../../model/clock.ts";
import { HoldfastError } from "../../../model/errors.ts";
import type { ContainerConfig } from "../config.ts";
import { addressOf, signedUrl, type ContainerAddress } from "./container-address.ts";
import { serviceCode } from "./container-failure.ts";
import { bareEtag, entryOf, isFolder, listedPage } from "./blob-entries.ts";
import { blocksOf } from "./blocks.ts";
import { Asking, type ContainerLimits } from "./asking.ts";
import type { BlobEntry, Container } from "./face.ts";

/** Names asked for at once: about 600 KiB of answer. The service allows 5,000. */
const PAGE = 1_000;
/** Bytes in memory while a file is written: the largest request that is sent. */
const BLOCK_BYTES = 4 * 1024 * 1024;
/** Blocks one file may have at the service. */
const MOST_BLOCKS = 50_000;
/** The names of a file's blocks must be of one length. */
const BLOCK_ID_DIGITS = 8;
/** How long a service may read a container that it is shown: longer than the longest queue before a training, ms. */
const READABLE_FOR_MS = 6 * 3_600_000;
/** Errors, here and at use: `config-invalid`, `source-*`; messages hold no SAS and no key. */
export function openContainer(
  config: ContainerConfig,
  clock: Clock,
  limits: ContainerLimits = {},
): Container {
  return new BlobContainer(addressOf(config), clock, limits);
}

class BlobContainer implements Container {
  readonly #address: ContainerAddress;
  readonly #clock: Clock;
  readonly #asking: Asking;
  #client: Promise<ContainerClient> | undefined;

  constructor(address: ContainerAddress, clock: Clock, limits: ContainerLimits) {
    this.#address = address;
    this.#clock = clock;
    this.#asking = new Asking(address, clock, limits);
  }

  get url(): string {
    return this.#address.url;
  }

  async *list(prefix: string, signal: AbortSignal): AsyncGenerator<readonly BlobEntry[]> {
    const client = await this.#open();
    let token: string | undefined;
    let last: string | undefined;
    do {
      const continued = token;
      const page = await this.#asking.repeated(
        `list the container ${this.url}`,
        signal,
        async (abortSignal) =>
          listedPage(
            (
              await client
                .listBlobsFlat({ prefix, includeMetadata: true, abortSignal })
                .byPage({
                  maxPageSize: PAGE,
                  ...(continued === undefined ? {} : { continuationToken: continued }),
                })
                .next()
            ).value as ContainerListBlobFlatSegmentResponse | undefined,
          ),
      );
      // A page may begin with what the one before ended with.
      const entries = page.entries.filter(({ name }) => name !== last);
      last = page.entries.at(-1)?.name ?? last;
      if (entries.length > 0) yield entries;
      token = page.next;
    } while (token !== undefined);
  }

  async find(name: string, signal: AbortSignal): Promise<BlobEntry | undefined> {
    const blob = (await this.#open()).getBlobClient(name);
    return await this.#asking.repeated(`look at ${this.#shown(name)}`, signal, async (abortSignal) => {
      try {
        const found = await blob.getProperties({ abortSignal });
        return isFolder(found.metadata) ? undefined : entryOf(name, found);
      } catch (error) {
        if (serviceCode(error) === "BlobNotFound") return undefined;
        throw error;
      }
    });
  }

  async *read(entry: BlobEntry, signal: AbortSignal): AsyncGenerator<Buffer> {
    const blob = (await this.#open()).getBlobClient(entry.name);
    const what = `read ${this.#shown(entry.name)}`;
    let offset = 0;
    let attempt = 1;
    for (;;) {
      const patience = this.#asking.patience(signal);
      try {
        const answer = await patience.wait(
          async (abortSignal) =>
            await blob.download(offset, undefined, {
              conditions: { ifMatch: `"${entry.etag}"` },
              abortSignal,
            }),
        );
        const pieces = piecesOf(answer, entry, offset);
        try {
          for (let next = await patience.wait(async () => await pieces.next()); next.done !== true;) {
            offset += next.value.length;
            yield next.value;
            next = await patience.wait(async () => await pieces.next());
          }
        } finally {
          await pieces.return?.();
        }
        if (offset !== entry.length) throw cutShort(what, offset, entry.length);
        return;
      } catch (error) {
        if (offset === entry.length && entry.length > 0) return;
        await this.#asking.pauseOrThrow(patience.cause(error), what, attempt++, signal);
      } finally {
        patience.end();
      }
    }
  }

  async write(
    name: string,
    content: { readonly length: number; readonly type: string; readonly open: () => AsyncIterable<Buffer> },
    signal: AbortSignal,
  ): Promise<void> {
    if (content.length > BLOCK_BYTES * MOST_BLOCKS) {
      throw new HoldfastError(
        "target-refused",
        `${this.#shown(name)} is larger than a file of a container may be`,
      );
    }
    const blob = (await this.#open()).getBlockBlobClient(name);
    const what = `write ${this.#shown(name)}`;
    const blocks: string[] = [];
    const md5 = createHash("md5");
    let length = 0;
    const send = async (work: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
      await this.#asking.repeated(what, signal, work);
    };
    let whole: Buffer = Buffer.alloc(0);
    for await (const block of blocksOf(content.open(), BLOCK_BYTES)) {
      md5.update(block);
      length += block.length;
      if (content.length <= BLOCK_BYTES) {
        whole = block;
        continue;
      }
      const id = Buffer.from(String(blocks.length).padStart(BLOCK_ID_DIGITS, "0")).toString("base64");
      await send(async (abortSignal) => await blob.stageBlock(id, block, block.length, { abortSignal }));
      blocks.push(id);
    }
    if (length !== content.length) {
      throw new HoldfastError(
        "object-damaged",
        `${this.#shown(name)} was not written: ${length} bytes could be read of ${content.length}`,
      );
    }
    const blobHTTPHeaders = { blobContentType: content.type, blobContentMD5: md5.digest() };
    // Nothing of it is to be seen before this.
    await send(async (abortSignal) =>
      blocks.length === 0
        ? await blob.upload(whole, whole.length, { blobHTTPHeaders, abortSignal })
        : await blob.commitBlockList(blocks, { blobHTTPHeaders, abortSignal }),
    );
  }

  async remove(name: string, signal: AbortSignal): Promise<void> {
    const blob = (await this.#open()).getBlobClient(name);
    await this.#asking.repeated(
      `remove ${this.#shown(name)}`,
      signal,
      async (abortSignal) => await blob.deleteIfExists({ abortSignal }),
    );
  }

  readableUrl(): string {
    const { url, sas, account } = this.#address;
    if (sas !== undefined) return `${url}?${sas}`;
    if (account === undefined) return url;
    return signedUrl(this.#address, account, this.#clock.now() + READABLE_FOR_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Idle connections keep no process alive; there is nothing else to give back.
    this.#client = undefined;
  }

  #open(): Promise<ContainerClient> {
    this.#client ??= clientOf(this.#address);
    return this.#client;
  }

  #shown(name: string): string {
    return `"${name}" in the container ${this.url}`;
  }
}

async function clientOf({ url, sas, account }: ContainerAddress): Promise<ContainerClient> {
  const storage = await import("@azure/storage-blob");
  // Once: repetitions are decided above, where throttling and silence are known too.
  const options = { retryOptions: { maxTries: 1 } };
  return account === undefined
    ? new storage.ContainerClient(sas === undefined ? url : `${url}?${sas}`, undefined, options)
    : new storage.ContainerClient(
        url,
        new storage.StorageSharedKeyCredential(account.name, account.key),
        options,
      );
}

/** Only of the right state, and from the right place on: something on the way may answer with a page of its own, or ignore the range. */
function piecesOf(
  { etag, contentRange, readableStreamBody: body }: BlobDownloadResponseParsed,
  entry: BlobEntry,
  offset: number,
): AsyncIterator<Buffer> {
  const isRange = offset === 0 || contentRange?.startsWith(`bytes ${offset}-`) === true;
  if (body === undefined || etag === undefined || bareEtag(etag) !== entry.etag || !isRange) {
    throw new HoldfastError(
      "source-protocol",
      `could not read "${entry.name}": what was answered is not this file`,
    );
  }
  return (body as unknown as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
}

function cutShort(what: string, offset: number, length: number): HoldfastError {
  return new HoldfastError(
    "source-unreachable",
    `could not ${what}: it ended after ${offset} of ${length} bytes`,
  );
}
