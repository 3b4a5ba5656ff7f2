/** The published vectors (test/vectors/sealing/): made by a program that shares no code with Holdfast. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BOX_KIND } from "../../../src/repository/sealing/box-kinds.ts";
import { openBox, sealBox } from "../../../src/repository/sealing/box.ts";
import type { Credential } from "../../../src/repository/sealing/credentials.ts";
import { openDataKey } from "../../../src/repository/sealing/data-key-file.ts";
import { derivedKey, taskNameOf } from "../../../src/repository/sealing/derivation.ts";
import { unwrapFileKey, wrapFileKey } from "../../../src/repository/sealing/file-key.ts";
import { lengthPrefixed } from "../../../src/repository/sealing/parts.ts";
import { boundFields, parseSlot } from "../../../src/repository/sealing/slot-file.ts";
import { openSlot } from "../../../src/repository/sealing/slot-payload.ts";
import { agree, privateBytes, publicOf, x25519Private } from "../../../src/repository/sealing/x25519.ts";

async function load<T>(name: string): Promise<T> {
  const file = join(import.meta.dirname, "../../vectors/sealing", `${name}.json`);
  return JSON.parse(await readFile(file, "utf8")) as T;
}

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

interface BoxVector {
  readonly kind: number;
  readonly ordinal: string;
  readonly additional: string;
  readonly sealed: string;
}

describe("sealing gives the published bytes", () => {
  it("for length-prefixed parts", async () => {
    const { vectors } = await load<{ vectors: { parts: string[]; bytes: string }[] }>("parts");
    for (const { parts, bytes } of vectors) expect(lengthPrefixed(...parts).toString("hex")).toBe(bytes);
  });

  it("for derived keys", async () => {
    type File = { repository: string; master: string; vectors: { parts: string[]; key: string }[] };
    const { repository, master, vectors } = await load<File>("derivation");
    for (const { parts, key } of vectors) {
      expect(derivedKey(hex(master), repository, ...parts).toString("hex")).toBe(key);
    }
  });

  it("for task names", async () => {
    type Vector = { source: string; kind: string; collection: string; name: string };
    const file = await load<{ repository: string; write: string; vectors: Vector[] }>("task-name");
    const key = derivedKey(hex(file.write), file.repository, "task-name");
    for (const { source, kind, collection, name } of file.vectors) {
      expect(taskNameOf(key, source, kind, collection)).toBe(name);
    }
    expect(new Set(file.vectors.map(({ name }) => name)).size).toBe(file.vectors.length);
  });

  it("for boxes, and refuses the damaged ones", async () => {
    type File = {
      key: string;
      vectors: (BoxVector & { plain: string })[];
      damaged: (BoxVector & { why: string })[];
    };
    const { key, vectors, damaged } = await load<File>("box");
    for (const { kind, ordinal, additional, plain, sealed } of vectors) {
      const place = [hex(key), kind, BigInt(ordinal), hex(additional)] as const;
      expect(sealBox(...place, hex(plain)).toString("hex")).toBe(sealed);
      expect(openBox(...place, hex(sealed), "a").toString("hex")).toBe(plain);
    }
    const damage = expect.objectContaining({ code: "object-damaged", context: { path: "tasks/x" } });
    for (const { kind, ordinal, additional, sealed } of damaged) {
      const open = () => openBox(hex(key), kind, BigInt(ordinal), hex(additional), hex(sealed), "tasks/x");
      expect(open).toThrow(damage);
    }
  });

  it("for a file's wrapped key", async () => {
    const v = await load<Record<string, string>>("file-key");
    const at = (name: string): Buffer => hex(v[name] as string);
    const place = { repository: v["repository"], task: v["task"], file: v["file"] } as Record<
      "repository" | "task" | "file",
      string
    >;
    const dataKey = x25519Private(at("dataKeyPrivate"));
    const ephemeral = x25519Private(at("ephemeralPrivate"));
    expect(publicOf(dataKey)).toEqual(at("dataKeyPublic"));
    expect(agree(ephemeral, at("dataKeyPublic"))).toEqual(at("shared"));
    const wrapping = wrapFileKey(at("fileKey"), at("dataKeyPublic"), ephemeral, place);
    expect(wrapping).toEqual({ ephemeral: at("ephemeralPublic"), sealed: at("sealed") });
    expect(unwrapFileKey(wrapping, dataKey, place)).toEqual(at("fileKey"));
    expect(openBox(at("wrappingKey"), BOX_KIND.fileKey, 0, Buffer.alloc(0), at("sealed"), "a")).toEqual(
      at("fileKey"),
    );
  });

  it("for a data key object", async () => {
    const v =
      await load<Record<"repository" | "write" | "read" | "path" | "object" | "private" | "public", string>>(
        "data-key",
      );
    const masters = { repository: v.repository, write: hex(v.write), read: hex(v.read) };
    const opened = openDataKey(masters, v.path, Buffer.from(v.object));
    expect(opened?.publicKey).toEqual(hex(v.public));
    expect(opened?.privateKey && privateBytes(opened.privateKey)).toEqual(hex(v.private));
  });

  it("for key slots", async () => {
    type Vector = {
      path: string;
      object: string;
      boundFields: string;
      read: string | null;
      passphrase?: string;
      identity?: string;
    };
    const file = await load<{ repository: string; write: string; vectors: Vector[] }>("key-slots");
    for (const { path, object, boundFields: bound, read, passphrase, identity } of file.vectors) {
      const slot = parseSlot(path, Buffer.from(object));
      expect(boundFields(slot).toString("hex")).toBe(bound);
      const credential: Credential =
        passphrase === undefined
          ? { kind: "identity", identity: identity ?? "" }
          : { kind: "passphrase", passphrase };
      expect(await openSlot(slot, credential)).toEqual({
        repository: file.repository,
        write: hex(file.write),
        ...(read !== null && { read: hex(read) }),
      });
    }
  });
});
