import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { isTaskName } from "../../../src/model/task.ts";
import { refreshDataKeys, rotateDataKey } from "../../../src/repository/sealing/data-keys.ts";
import type { WrappedKey } from "../../../src/repository/sealing/keyring.ts";
import { keyringParts } from "../../../src/repository/sealing/open-keyring.ts";
import { openKeyring } from "../../../src/repository/sealing/slots.ts";
import { faultyStorage, loseAnswer } from "../../faults/storage-faults.ts";
import { alter, contentOf, failure, newRepository, overwrite, phrase, withPhrase } from "./rig.ts";

const TASK = `backup-${"1".repeat(32)}`;
const FILE = "2".repeat(32);

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

describe("a keyring", () => {
  it("derives the same keys and task names in every process that has the write right", async () => {
    const { storage, keyring } = await newRepository([phrase("reader"), phrase("agent", "write")]);
    const agent = await openKeyring(storage, withPhrase("agent"));
    expect(agent.right).toBe("write");
    expect(agent.derive("manifest", TASK)).toEqual(keyring.derive("manifest", TASK));
    expect(agent.taskName("shop", "couchdb", "orders")).toBe(keyring.taskName("shop", "couchdb", "orders"));
    expect(isTaskName(agent.taskName("shop", "couchdb", "orders"))).toBe(true);
  });

  it("derives another key for another purpose, scope or repository", async () => {
    const { keyring } = await newRepository();
    const other = await newRepository();
    const keys = [
      keyring.derive("manifest", TASK),
      keyring.derive("run", TASK),
      keyring.derive("manifest", TASK, FILE),
      keyring.derive("manifest", `${TASK}${FILE}`),
      other.keyring.derive("manifest", TASK),
    ];
    expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(keys.length);
    expect(keys.every((key) => key.length === 32)).toBe(true);
  });

  it("opens with the read right what the write right has sealed, and with the write right not even its own", async () => {
    const { storage, keyring } = await newRepository([phrase("reader"), phrase("agent", "write")]);
    const agent = await openKeyring(storage, withPhrase("agent"));
    const { key, wrapped } = agent.newFileKey(TASK, FILE);
    expect(keyring.openFileKey(TASK, FILE, wrapped)).toEqual(key);
    expect(() => agent.openFileKey(TASK, FILE, wrapped)).toThrow(
      expect.objectContaining({ code: "no-read-right" }),
    );
  });

  it("draws a new key for every file", async () => {
    const { keyring } = await newRepository();
    const keys = Array.from({ length: 50 }, () => keyring.newFileKey(TASK, FILE));
    expect(new Set(keys.map(({ key }) => key.toString("hex"))).size).toBe(50);
    expect(new Set(keys.map(({ wrapped }) => wrapped.ephemeral.toString("hex"))).size).toBe(50);
  });

  it("refuses a wrapped key that is altered or belongs elsewhere", async () => {
    const { keyring } = await newRepository();
    const other = await newRepository();
    const { wrapped } = keyring.newFileKey(TASK, FILE);
    const damaged = expect.objectContaining({ code: "object-damaged" });
    const altered: Partial<WrappedKey>[] = [
      { sealed: flipped(wrapped.sealed, 0) },
      { sealed: flipped(wrapped.sealed, 47) },
      { sealed: wrapped.sealed.subarray(1) },
      { sealed: Buffer.alloc(0) },
      { ephemeral: flipped(wrapped.ephemeral, 5) },
      { ephemeral: wrapped.ephemeral.subarray(1) },
      // A point of small order, with which anybody would know the shared secret.
      { ephemeral: Buffer.alloc(32) },
    ];
    for (const change of altered) {
      expect(() => keyring.openFileKey(TASK, FILE, { ...wrapped, ...change })).toThrow(damaged);
    }
    expect(() => keyring.openFileKey(TASK, "3".repeat(32), wrapped)).toThrow(damaged);
    expect(() => keyring.openFileKey(`backup-${"4".repeat(32)}`, FILE, wrapped)).toThrow(damaged);
    expect(() => other.keyring.openFileKey(TASK, FILE, wrapped)).toThrow(damaged);
  });

  it("shows no secret when it is printed or serialised, nor do its errors", async () => {
    const { keyring } = await newRepository();
    const { write, read } = keyringParts(keyring).masters;
    const { wrapped } = keyring.newFileKey(TASK, FILE);
    let seen = inspect(keyring, { depth: 9, showHidden: true }) + JSON.stringify(keyring);
    try {
      keyring.openFileKey(TASK, "other", wrapped);
    } catch (error) {
      seen += inspect(error, { depth: 9, showHidden: true });
    }
    for (const secret of [write, read as Buffer]) {
      for (const encoding of ["hex", "base64"] as const)
        expect(seen).not.toContain(secret.toString(encoding));
      expect(seen).not.toContain(inspect(secret).slice(8, 40));
    }
  });
});

describe("the generations of the data key", () => {
  it("grow by one; new files are sealed to the newest, and old ones still open", async () => {
    const { storage, keyring } = await newRepository();
    const old = keyring.newFileKey(TASK, FILE);
    const before = await contentOf(storage);
    expect(await rotateDataKey(storage, keyring)).toBe(2);
    const fresh = keyring.newFileKey(TASK, FILE);
    expect([old.wrapped.generation, fresh.wrapped.generation]).toEqual([1, 2]);

    const again = await openKeyring(storage, withPhrase("open sesame"));
    expect(again.openFileKey(TASK, FILE, old.wrapped)).toEqual(old.key);
    expect(again.openFileKey(TASK, FILE, fresh.wrapped)).toEqual(fresh.key);
    expect(again.newFileKey(TASK, FILE).wrapped.generation).toBe(2);
    expect(await contentOf(storage)).toMatchObject(before);
  });

  it("are taken in by keyrings that were opened before", async () => {
    const { storage, keyring } = await newRepository();
    const earlier = await openKeyring(storage, withPhrase("open sesame"));
    await rotateDataKey(storage, keyring);
    const { key, wrapped } = keyring.newFileKey(TASK, FILE);
    expect(() => earlier.openFileKey(TASK, FILE, wrapped)).toThrow(
      expect.objectContaining({ code: "object-missing", context: { path: "data-keys/000002" } }),
    );
    await refreshDataKeys(storage, earlier);
    expect(earlier.openFileKey(TASK, FILE, wrapped)).toEqual(key);
  });

  it("are each added once when several rotate at the same time", async () => {
    const { storage } = await newRepository();
    const keyrings = await Promise.all(
      [1, 2, 3, 4].map(async () => await openKeyring(storage, withPhrase("open sesame"))),
    );
    const added = await Promise.all(keyrings.map(async (each) => await rotateDataKey(storage, each)));
    expect(added.sort((a, b) => a - b)).toEqual([2, 3, 4, 5]);
  });

  it("survive a lost answer: the number is taken and the next call takes the next", async () => {
    const { storage, keyring } = await newRepository();
    const faulty = faultyStorage(storage, loseAnswer({ call: "create", nth: 0 }));
    expect(await failure(rotateDataKey(faulty, keyring))).toMatchObject({ code: "storage-failed" });
    expect(await rotateDataKey(faulty, keyring)).toBe(3);
    const again = await openKeyring(storage, withPhrase("open sesame"));
    expect(again.newFileKey(TASK, FILE).wrapped.generation).toBe(3);
  });

  it("cannot be added with the write right", async () => {
    const { storage } = await newRepository([phrase("reader"), phrase("agent", "write")]);
    const agent = await openKeyring(storage, withPhrase("agent"));
    const before = await contentOf(storage);
    expect(await failure(rotateDataKey(storage, agent))).toMatchObject({ code: "no-read-right" });
    expect(await contentOf(storage)).toEqual(before);
  });

  it("are refused when anybody without the write right has made or altered one", async () => {
    const { storage, id } = await newRepository();
    const intruder = await newRepository();
    const theirs = JSON.parse((await intruder.storage.read("data-keys/000001")).toString()) as {
      public: string;
      mac: string;
    };
    const original = await storage.read("data-keys/000001");
    const forgeries = [
      { public: theirs.public },
      { public: theirs.public, mac: theirs.mac },
      { ...theirs, repository: id },
      { generation: 2 },
      { private: "AAAA" },
      { public: "no base64!" },
    ];
    for (const forgery of forgeries) {
      await alter(storage, "data-keys/000001", forgery);
      const error = await failure(openKeyring(storage, withPhrase("open sesame")));
      expect(error).toMatchObject({ code: "object-damaged", context: { path: "data-keys/000001" } });
      await overwrite(storage, "data-keys/000001", original);
    }
    await storage.create("data-keys/000002", original);
    expect(await failure(openKeyring(storage, withPhrase("open sesame")))).toMatchObject({
      code: "object-damaged",
    });
    await overwrite(storage, "data-keys/000002", "x".repeat(70_000));
    expect(await failure(openKeyring(storage, withPhrase("open sesame")))).toMatchObject({
      code: "object-damaged",
    });
  });

  it("are missed when all are gone", async () => {
    const { storage } = await newRepository();
    await storage.remove("data-keys/000001");
    expect(await failure(openKeyring(storage, withPhrase("open sesame")))).toMatchObject({
      code: "object-missing",
    });
  });
});
