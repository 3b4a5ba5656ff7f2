import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as later } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { systemClock, type Clock } from "../../../src/model/clock.ts";
import { isHoldfastError, type HoldfastError } from "../../../src/model/errors.ts";
import { addressOf, isSameContainer } from "../../../src/sources/form-recognizer/data/container-address.ts";
import { openContainer } from "../../../src/sources/form-recognizer/data/container.ts";
import type { BlobEntry, Container } from "../../../src/sources/form-recognizer/data/face.ts";
import {
  ACCOUNT_KEY,
  ACCOUNT_NAME,
  startAzurite,
  type Azurite,
  type AzuriteContainer,
} from "../../rigs/azurite.ts";
import { BreakingWire, HASTY, type Fault } from "./data-rig.ts";

const { signal } = new AbortController();
const MIB = 1024 * 1024;
const PIECE = Buffer.alloc(MIB / 16);
/** Long enough for every buffer on the way to fill, ms. */
const STALL_MS = 150;

let azurite: Azurite;
let wire: BreakingWire;
let place: AzuriteContainer;
let number = 0;

beforeAll(async () => {
  azurite = await startAzurite();
  wire = await new BreakingWire(azurite.url).listen();
});
afterAll(async () => {
  await wire[Symbol.asyncDispose]();
  await azurite.close();
});
beforeEach(async () => {
  place = await azurite.container(`set-${++number}`);
  wire.reset();
});

function open(config = place.keyConfig(), limits: object = {}): Container {
  return openContainer(config, systemClock, { retry: HASTY, ...limits });
}

function throughWire(limits: object = {}): Container {
  return open({ ...place.keyConfig(), url: wire.through(place.url) }, limits);
}

async function names(container: Container, prefix = ""): Promise<string[]> {
  const all: string[] = [];
  for await (const entries of container.list(prefix, signal)) all.push(...entries.map(({ name }) => name));
  return all;
}

async function found(container: Container, name: string): Promise<BlobEntry> {
  return (await container.find(name, signal)) as BlobEntry;
}

async function read(container: Container, entry: BlobEntry): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of container.read(entry, signal)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function failureOf(work: Promise<unknown>): Promise<HoldfastError> {
  const failure: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(isHoldfastError(failure)).toBe(true);
  return failure as HoldfastError;
}

const ODD_NAMES = [
  "/leading slash",
  "100% of it.pdf",
  "a//b",
  "a%20b.pdf",
  "a+b&c=d?e#f.pdf",
  "quote\"'<>.pdf",
  "sub/folder/x.pdf",
  "tab\there",
  "Überweisung.pdf",
  "請求書.pdf",
  "\uFFFD after the surrogates.pdf",
  "😀.pdf",
];

describe("a container", () => {
  it("lists, reads and writes files whatever characters are in their names", async () => {
    const container = open();
    for (const name of ODD_NAMES) {
      await container.write(name, contentOf(Buffer.from(name)), signal);
    }
    expect((await names(container)).toSorted()).toEqual(ODD_NAMES.toSorted());
    for (const name of ODD_NAMES) {
      expect((await read(container, await found(container, name))).toString()).toBe(name);
    }
  });

  it("tells length, type, time and digest of each file, in the list as by name", async () => {
    await place.put("a.pdf", "hello", "application/pdf");
    const container = open();
    let listed: BlobEntry | undefined;
    for await (const [entry] of container.list("", signal)) listed = entry;
    expect(listed).toMatchObject({
      name: "a.pdf",
      length: 5,
      contentType: "application/pdf",
      md5: "XUFAKrxLKna5cZ2REBfFkg==",
    });
    expect(listed?.etag).toMatch(/^[^"]+$/);
    expect(await container.find("a.pdf", signal)).toEqual(listed);
    expect(await container.find("b.pdf", signal)).toBeUndefined();
  });

  it("lists only what begins with the prefix, page after page", async () => {
    await Promise.all(Array.from({ length: 12 }, (_, at) => place.put(`in/${at}`, "x")));
    await place.put("inside", "x");
    await place.put("out", "x");
    expect(await names(open(), "in/")).toHaveLength(12);
  });

  it("refuses to read a file in another state than the listed one", async () => {
    await place.put("a", "first");
    const container = open();
    const entry = await found(container, "a");
    await place.put("a", "other");
    expect((await failureOf(read(container, entry))).code).toBe("version-lost");
    await place.remove("a");
    expect((await failureOf(read(container, entry))).code).toBe("version-lost");
  });

  it("reads and writes a large file in pieces", async () => {
    const container = open();
    const piece = Buffer.alloc(MIB + 17, "0123456789");
    const sent: number[] = [];
    const open12 = async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < 12; at++) {
        sent.push(wire.requests.length);
        yield piece;
      }
    };
    const wired = throughWire();
    await wired.write("large", { length: 12 * piece.length, type: "application/pdf", open: open12 }, signal);
    // Blocks went out while the content was still being read: it was never gathered whole.
    expect(sent.at(-1)).toBe(2);
    let largest = 0;
    let length = 0;
    for await (const part of container.read(await found(container, "large"), signal)) {
      largest = Math.max(largest, part.length);
      expect(
        part.equals(
          Buffer.concat([piece, piece])
            .subarray(length % piece.length)
            .subarray(0, part.length),
        ),
      ).toBe(true);
      length += part.length;
    }
    expect(length).toBe(12 * piece.length);
    expect(largest).toBeLessThanOrEqual(MIB);
    expect((await place.client.getBlobClient("large").getProperties()).contentMD5).toBeDefined();
  });

  it("reads a large file no faster than it is taken", async () => {
    const pieces = 512;
    let given = 0;
    await using server = createServer((_, answer) => {
      answer.writeHead(200, { etag: '"x"', "content-length": String(pieces * PIECE.length) });
      void (async () => {
        for (; given < pieces; given++) if (!answer.write(PIECE)) await once(answer, "drain");
        answer.end();
      })();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/account/forms`;
    const entry = {
      name: "a",
      length: pieces * PIECE.length,
      etag: "x",
      lastModified: 0,
      contentType: "",
      md5: "",
    };
    let length = 0;
    let givenWhileStalled = 0;
    for await (const piece of openContainer({ url }, systemClock).read(entry, signal)) {
      if (length === 0) await later(STALL_MS);
      if (length === 0) givenWhileStalled = given;
      length += piece.length;
    }
    expect(length).toBe(entry.length);
    expect(givenWhileStalled).toBeLessThan(pieces / 2);
  });

  it("writes files of no and of few bytes, over what is there", async () => {
    const container = open();
    await container.write("a", contentOf(Buffer.from("one")), signal);
    await container.write("a", contentOf(Buffer.alloc(0)), signal);
    expect((await place.get("a")).length).toBe(0);
    expect(await read(container, await found(container, "a"))).toEqual(Buffer.alloc(0));
  });

  it("leaves what is there when the content breaks off or has another length", async () => {
    await place.put("a", "old");
    const container = open();
    const short = { ...contentOf(Buffer.from("new")), length: 9 };
    expect((await failureOf(container.write("a", short, signal))).code).toBe("object-damaged");
    const broken = {
      ...short,
      async *open(): AsyncGenerator<Buffer> {
        yield Buffer.from("n");
        throw new Error("the pack is gone");
      },
    };
    await expect(container.write("a", broken, signal)).rejects.toThrow("the pack is gone");
    expect((await place.get("a")).toString()).toBe("old");
  });

  it("removes a file, and one that is gone already", async () => {
    await place.put("a", "x");
    const container = open();
    await container.remove("a", signal);
    await container.remove("a", signal);
    expect(await names(container)).toEqual([]);
  });

  it("gives content back as it is stored, though it says that it is compressed", async () => {
    const bytes = Buffer.from("not really gzip");
    await place.client
      .getBlockBlobClient("a")
      .upload(bytes, bytes.length, { blobHTTPHeaders: { blobContentEncoding: "gzip" } });
    const container = open();
    expect(await read(container, await found(container, "a"))).toEqual(bytes);
  });

  it("leaves folders of accounts with real folders out", async () => {
    await place.client.getBlockBlobClient("folder").upload("", 0, { metadata: { hdi_isfolder: "true" } });
    await place.put("folder/a", "x");
    const container = open();
    expect(await names(container)).toEqual(["folder/a"]);
    expect(await container.find("folder", signal)).toBeUndefined();
  });
});

describe("the way in", () => {
  it("may be a SAS", async () => {
    await place.put("a", "x");
    const container = openContainer(place.sasConfig("rl"), systemClock, { retry: HASTY });
    expect(await names(container)).toEqual(["a"]);
    expect((await read(container, await found(container, "a"))).toString()).toBe("x");
  });

  it.each([
    ["a signature of another key", "sig=AAAA", "source-unauthorized", "SAS is wrong, expired"],
    ["a SAS that has expired", "expired", "source-unauthorized", "valid until 2020-01-01T00:00:00Z"],
    ["a SAS without the right to list", "r", "source-forbidden", "do not allow this"],
  ])("tells %s without showing it", async (_, kind, code, words) => {
    const sas =
      kind === "expired"
        ? place.sas("rl", new Date("2020-01-01T00:00:00Z"))
        : kind === "r"
          ? place.sas("r")
          : place.sas("rl").replace(/sig=[^&]+/, kind);
    const failure = await failureOf(
      names(openContainer({ url: place.url, sas }, systemClock, { retry: HASTY })),
    );
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(words);
    const signature = new URLSearchParams(sas).get("sig") as string;
    const shown = `${failure.stack}${JSON.stringify(failure)}${String(failure.cause)}`;
    expect(shown).not.toContain(signature);
    expect(shown).not.toContain("sig=");
  });

  it("tells a wrong account key without showing it", async () => {
    const accountKey = Buffer.from("another key").toString("base64");
    const failure = await failureOf(names(open({ ...place.keyConfig(), accountKey })));
    expect(failure.code).toBe("source-unauthorized");
    expect(failure.message).toContain(`key of the storage account "${ACCOUNT_NAME}"`);
    expect(failure.stack).not.toContain(accountKey);
  });

  it("tells a container that is not there, for every way of asking", async () => {
    const container = open({ ...place.keyConfig(), url: `${place.url}-missing` });
    const entry = { name: "a", length: 1, etag: "x", lastModified: 0, contentType: "", md5: "" };
    for (const asked of [names(container), container.find("a", signal), read(container, entry)]) {
      expect((await failureOf(asked)).code).toBe("source-not-found");
    }
  });

  it("tells a server that is not there", async () => {
    const failure = await failureOf(
      names(open({ ...place.keyConfig(), url: "http://127.0.0.1:9/devstoreaccount1/x" })),
    );
    expect(failure.code).toBe("source-unreachable");
    expect(failure.message).toContain("ECONNREFUSED");
  });

  it("makes a URL by the account's key with which others read and list for some hours", async () => {
    await place.put("a", "x");
    const now = Date.parse("2026-11-21T10:00:00Z");
    const clock: Clock = { now: () => now };
    const url = new URL(openContainer(place.keyConfig(), clock).readableUrl());
    const expiresOn = new Date("2026-11-21T16:00:00Z");
    // The vendor's own signature over the same terms.
    const judge = generateBlobSASQueryParameters(
      {
        containerName: place.client.containerName,
        permissions: ContainerSASPermissions.parse("rl"),
        expiresOn,
        version: "2020-12-06",
      },
      new StorageSharedKeyCredential(ACCOUNT_NAME, ACCOUNT_KEY),
    );
    expect(url.searchParams.get("sig")).toBe(judge.signature);
    expect(url.searchParams.get("se")).toBe("2026-11-21T16:00:00Z");

    const fresh = new URL(open().readableUrl());
    const reader = openContainer({ url: place.url, sas: fresh.search }, systemClock, { retry: HASTY });
    expect(await names(reader)).toEqual(["a"]);
    expect((await failureOf(reader.write("b", contentOf(Buffer.from("x")), signal))).code).toBe(
      "source-forbidden",
    );
  });

  it("gives the configured SAS on, where there is one", () => {
    const { url, sas } = place.sasConfig();
    expect(openContainer({ url, sas: `?${sas}` }, systemClock).readableUrl()).toBe(`${url}?${sas}`);
  });

  it("refuses an address that names no container", () => {
    expect(() => openContainer({ url: "https://a.blob.core.windows.net/" }, systemClock)).toThrow(
      "container's name",
    );
    expect(() => openContainer({ url: "secret?sig=x" }, systemClock)).toThrow(/^(?!.*sig=x)/);
  });

  it("takes the account's name from the address", () => {
    const address = addressOf({ url: "https://contoso.blob.core.windows.net/forms/", accountKey: "a2V5" });
    expect(address).toMatchObject({
      url: "https://contoso.blob.core.windows.net/forms",
      account: { name: "contoso" },
    });
  });

  it("knows a container again whatever the scheme, host case and signature", () => {
    const one = "https://Contoso.blob.core.windows.net/forms";
    expect(isSameContainer(one, "http://contoso.blob.core.windows.net/forms/?sv=1&sig=x")).toBe(true);
    expect(isSameContainer(one, "https://contoso.blob.core.windows.net/Forms")).toBe(false);
    expect(isSameContainer(one, "https://contoso.blob.core.windows.net/forms/sub")).toBe(false);
  });
});

describe("a connection that breaks", () => {
  const passing: Fault[] = ["reset", "cut", 500, 503, 429];

  it.each(passing)("once (%s) is not noticed", async (kind) => {
    const content = Buffer.alloc(3 * MIB, "abc");
    await place.put("a", content);
    const container = throughWire();
    const entry = await found(container, "a");
    wire.reset({ at: 1, kind, forever: false });
    expect(await names(container)).toEqual(["a"]);
    wire.reset({ at: 1, kind, forever: false });
    expect((await read(container, entry)).equals(content)).toBe(true);
    wire.reset({ at: 1, kind, forever: false });
    await container.write("b", contentOf(Buffer.from("new")), signal);
    expect((await place.get("b")).toString()).toBe("new");
  });

  it("in the middle of a file goes on where it broke", async () => {
    await place.put("a", Buffer.alloc(8 * MIB, "x"));
    const container = throughWire();
    const entry = await found(container, "a");
    wire.reset({ at: 1, kind: "cut", forever: false });
    expect(await read(container, entry)).toHaveLength(8 * MIB);
    expect(wire.requests).toHaveLength(2);
  });

  it.each(["reset", 500, 503] as Fault[])(
    "for good (%s) ends with an error and no signature",
    async (kind) => {
      wire.reset({ at: 1, kind, forever: true });
      const failure = await failureOf(names(throughWire()));
      expect(failure.code).toBe("source-unreachable");
      expect(failure.message).toContain("/devstoreaccount1/set-");
    },
  );

  it("in the middle of a file that something else goes on with, mixes nothing into it", async () => {
    await place.put("a", "0123456789");
    const container = throughWire();
    const entry = await found(container, "a");
    for (const kind of ["page", "empty"] as const) {
      wire.reset({ at: 1, kind, forever: false });
      expect((await read(container, entry)).toString()).toBe("0123456789");
    }
  });

  it("into silence is given up", async () => {
    wire.reset({ at: 1, kind: "silent", forever: true });
    const failure = await failureOf(names(throughWire({ silenceMs: 30 })));
    expect(failure.message).toContain("silent for too long");
  });

  it.each(["page", "empty"] as Fault[])(
    "to something that is no blob service (%s) never reads as an empty container",
    async (kind) => {
      await place.put("a", "x");
      wire.reset({ at: 1, kind, forever: true });
      expect((await failureOf(names(throughWire()))).code).toBe("source-protocol");
      expect((await failureOf(throughWire().find("a", signal))).code).toBe("source-protocol");
    },
  );

  it("by the caller's own wish ends with the caller's reason", async () => {
    await place.put("a", Buffer.alloc(MIB));
    const stop = new AbortController();
    const container = throughWire();
    const entry = await found(container, "a");
    const reading = container.read(entry, stop.signal)[Symbol.asyncIterator]();
    await reading.next();
    stop.abort(new Error("enough"));
    await expect(
      (async () => {
        while ((await reading.next()).done !== true);
      })(),
    ).rejects.toThrow("enough");
    await expect(names2(container, stop.signal)).rejects.toThrow("enough");
  });
});

async function names2(container: Container, stopped: AbortSignal): Promise<void> {
  for await (const _ of container.list("", stopped));
}

function contentOf(bytes: Buffer): { length: number; type: string; open: () => AsyncIterable<Buffer> } {
  return {
    length: bytes.length,
    type: "application/octet-stream",
    async *open() {
      yield bytes;
    },
  };
}
