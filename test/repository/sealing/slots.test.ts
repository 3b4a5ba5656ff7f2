import { Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, it } from "vitest";
import { keyringParts } from "../../../src/repository/sealing/open-keyring.ts";
import { addSlot, listSlots, openKeyring, removeSlot } from "../../../src/repository/sealing/slots.ts";
import type { NewSlot } from "../../../src/repository/sealing/slots.ts";
import { FaultyStorage, failCall, faultyStorage, sweepCalls } from "../../faults/storage-faults.ts";
import {
  CHEAP,
  alter,
  clock,
  contentOf,
  failure,
  newRepository,
  overwrite,
  pathsIn,
  phrase,
  withPhrase,
} from "./rig.ts";

async function ageKey(right: "read" | "write" = "read"): Promise<{ identity: string; slot: NewSlot }> {
  const identity = await generateX25519Identity();
  return {
    identity,
    slot: { kind: "age", recipient: await identityToRecipient(identity), right, label: "escrow" },
  };
}

describe("opening a repository", () => {
  it("works with any passphrase and any age identity that has a slot", async () => {
    const { identity, slot } = await ageKey();
    const { storage, keyring } = await newRepository([phrase("first"), phrase("second"), slot]);
    const expected = keyringParts(keyring).masters;
    for (const credential of [
      withPhrase("first"),
      withPhrase("second"),
      { kind: "identity", identity } as const,
      { kind: "identity", identity: `# created: 2026\n# public key: age1…\r\n\n  ${identity}\r\n` } as const,
      { kind: "identity", identity: `${await generateX25519Identity()}\n${identity}\n` } as const,
    ]) {
      expect(keyringParts(await openKeyring(storage, credential)).masters).toEqual(expected);
    }
  });

  it("takes a passphrase in any Unicode form of the same text", async () => {
    const { storage } = await newRepository([phrase("caf\u00e9 \ud83d\udd12")]);
    expect((await openKeyring(storage, withPhrase("cafe\u0301 \ud83d\udd12"))).right).toBe("read");
  });

  it("says wrong-key for a passphrase or identity without a slot, and changes nothing", async () => {
    const { slot } = await ageKey();
    const { storage } = await newRepository([phrase("right"), slot]);
    const before = await contentOf(storage);
    const stranger = (await ageKey()).identity;
    for (const credential of [withPhrase("Right"), { kind: "identity", identity: stranger } as const]) {
      const error = await failure(openKeyring(storage, credential));
      expect(error).toMatchObject({ code: "wrong-key", exit: 12 });
      expect(error.message).not.toMatch(/Right|AGE-SECRET/);
    }
    expect(await contentOf(storage)).toEqual(before);
  });

  it("refuses a credential that cannot be one, without quoting it", async () => {
    const { slot } = await ageKey();
    const { storage, keyring } = await newRepository([phrase("right"), slot]);
    const identities = ["", "# only a comment", "open sesame", "AGE-SECRET-KEY-1NONSENSE"];
    for (const identity of identities) {
      const error = await failure(openKeyring(storage, { kind: "identity", identity }));
      expect(error.code).toBe("config-invalid");
      expect(`${error.message} ${String(error.cause)}`).not.toMatch(/sesame|NONSENSE/);
    }
    expect(await failure(openKeyring(storage, withPhrase("")))).toMatchObject({ code: "config-invalid" });
    const notOne: NewSlot = { kind: "age", recipient: "age1nobody", right: "read", label: "x" };
    expect(await failure(addSlot(storage, keyring, notOne, clock))).toMatchObject({ code: "config-invalid" });
  });

  it("may ask for the write right only, and then cannot read", async () => {
    const { storage } = await newRepository();
    const keyring = await openKeyring(storage, withPhrase("open sesame"), { right: "write" });
    expect(keyring.right).toBe("write");
    expect(keyringParts(keyring).masters.read).toBeUndefined();
    expect([...keyringParts(keyring).dataKeys.values()].map(({ privateKey }) => privateKey)).toEqual([
      undefined,
    ]);
  });

  it("says no-read-right when the read right is needed and the slot gives only write", async () => {
    const { storage } = await newRepository([phrase("reader"), phrase("agent", "write")]);
    expect(await failure(openKeyring(storage, withPhrase("agent"), { right: "read" }))).toMatchObject({
      code: "no-read-right",
    });
  });

  it("prefers the slot that gives more when one passphrase has two", async () => {
    const { storage } = await newRepository([
      phrase("same", "write"),
      phrase("same", "read"),
      phrase("same", "write"),
    ]);
    expect((await openKeyring(storage, withPhrase("same"))).right).toBe("read");
  });

  it("says repository-foreign when the slots, or holdfast.json, are another repository's", async () => {
    const mine = await newRepository();
    const theirs = await newRepository();
    await overwrite(mine.storage, "holdfast.json", await theirs.storage.read("holdfast.json"));
    const before = await contentOf(mine.storage);
    expect(await failure(openKeyring(mine.storage, withPhrase("open sesame")))).toMatchObject({
      code: "repository-foreign",
      exit: 10,
    });
    expect(await contentOf(mine.storage)).toEqual(before);
  });

  it("says object-missing when there is no slot", async () => {
    const { storage } = await newRepository();
    for (const path of await pathsIn(storage)) if (path.startsWith("keys/")) await storage.remove(path);
    expect(await failure(openKeyring(storage, withPhrase("open sesame")))).toMatchObject({
      code: "object-missing",
    });
  });

  it("passes a storage's failure on: it is no wrong key", async () => {
    const { storage } = await newRepository();
    const swept = await sweepCalls({
      makeStorage: () => storage,
      fault: (nth) => failCall({ nth }, "storage-permission"),
      run: async (faulty) => {
        await openKeyring(faulty, withPhrase("open sesame"));
      },
      check: async (_, { error }) => {
        expect(error).toMatchObject({ code: "storage-permission" });
      },
    });
    expect(swept).toBeGreaterThan(6);
  });
});

describe("a key slot", () => {
  it("opens only as it was made: every plain field is bound", async () => {
    const age = await ageKey();
    const { storage } = await newRepository([phrase("open sesame"), age.slot]);
    const slots = (await pathsIn(storage)).filter((path) => path.startsWith("keys/"));
    const credentials = [withPhrase("open sesame"), { kind: "identity", identity: age.identity } as const];
    const other = (await ageKey()).slot as { recipient: string };
    const changes = [
      { label: "altered" },
      { right: "write" },
      { created: "2025-01-01T00:00:00.000Z" },
      { kdf: { name: "argon2id", salt: Buffer.alloc(16).toString("base64"), ...CHEAP } },
      { recipient: other.recipient },
      { sealed: Buffer.alloc(100).toString("base64") },
    ];
    for (const path of slots) {
      const original = await storage.read(path);
      for (const change of changes) {
        const json = JSON.parse(original.toString()) as Record<string, unknown>;
        if (!Object.keys(change).every((field) => field in json)) continue;
        await alter(storage, path, change);
        const opened = await Promise.allSettled(
          credentials.map(async (credential) => await openKeyring(storage, credential)),
        );
        expect({ change, opened: opened.map(({ status }) => status).sort() }).toEqual({
          change,
          opened: ["fulfilled", "rejected"],
        });
        await overwrite(storage, path, original);
      }
    }
  });

  it.each([
    ["100 GiB of memory", { memoryKiB: 100 * 1024 * 1024, passes: 1, parallelism: 1 }],
    ["a million passes", { memoryKiB: 8, passes: 1_000_000, parallelism: 1 }],
    ["a thousand lanes", { memoryKiB: 8_000, passes: 1, parallelism: 1000 }],
    ["no memory", { memoryKiB: 0, passes: 1, parallelism: 1 }],
    ["a part of a pass", { memoryKiB: 8, passes: 1.5, parallelism: 1 }],
  ])("that asks for %s is refused before anything is computed", async (_, cost) => {
    const { storage, keyring } = await newRepository();
    const [path] = (await pathsIn(storage)).filter((each) => each.startsWith("keys/")) as [string];
    await alter(storage, path, {
      kdf: { name: "argon2id", salt: Buffer.alloc(16).toString("base64"), ...cost },
    });
    const error = await failure(openKeyring(storage, withPhrase("open sesame")));
    expect(error).toMatchObject({ code: "object-damaged", context: { path } });
    expect(error.message).toContain("kdf");
    const wanted: NewSlot = { ...phrase("x"), kdf: cost } as NewSlot;
    expect(await failure(addSlot(storage, keyring, wanted, clock))).toMatchObject({ code: "config-invalid" });
  });

  it("for a passphrase costs 64 MiB and three passes of Argon2id to try, unless told otherwise", async () => {
    const { storage } = await newRepository([
      { kind: "passphrase", passphrase: "x", label: "x", right: "read" },
    ]);
    const [path] = (await pathsIn(storage)).filter((each) => each.startsWith("keys/")) as [string];
    const { kdf } = JSON.parse((await storage.read(path)).toString()) as { kdf: Record<string, unknown> };
    expect(kdf).toMatchObject({ name: "argon2id", memoryKiB: 65_536, passes: 3, parallelism: 1 });
    expect((await openKeyring(storage, withPhrase("x"))).right).toBe("read");
  });

  it("that is damaged, foreign or of a later format does not keep the others from opening, and is listed", async () => {
    const { storage } = await newRepository([phrase("good")]);
    const foreign = await newRepository([phrase("good")]);
    const [theirs] = (await pathsIn(foreign.storage)).filter((path) => path.startsWith("keys/")) as [string];
    await storage.create("keys/0000000000000000", Buffer.from("no json"));
    await storage.create("keys/0000000000000001", Buffer.from('{"format": 2}'));
    await storage.create("keys/0000000000000002", Buffer.alloc(70_000));
    await storage.create(theirs, await foreign.storage.read(theirs));
    await storage.create("keys/readme.txt", Buffer.from("not a slot's name"));
    expect((await openKeyring(storage, withPhrase("good"))).right).toBe("read");

    const listed = await listSlots(storage);
    const problems = listed.flatMap((slot) =>
      slot.state === "unusable" ? [[slot.path, slot.problem.code]] : [],
    );
    expect(Object.fromEntries(problems)).toEqual({
      "keys/0000000000000000": "object-damaged",
      "keys/0000000000000001": "repository-newer",
      "keys/0000000000000002": "object-damaged",
      [theirs]: "repository-foreign",
    });
    const wrong = await failure(openKeyring(storage, withPhrase("bad")));
    expect(wrong.message).toContain("4 more could not be used");
  });

  it("for age says object-damaged when what it seals is none of ours: anybody can encrypt to a recipient", async () => {
    const age = await ageKey();
    const { storage } = await newRepository([phrase("open sesame"), age.slot]);
    for (const path of (await pathsIn(storage)).filter((each) => each.startsWith("keys/"))) {
      const json = JSON.parse((await storage.read(path)).toString()) as { recipient?: string };
      if (json.recipient === undefined) continue;
      for (const payload of ["no json", "{}", "null"]) {
        const encrypter = new Encrypter();
        encrypter.addRecipient(json.recipient);
        const sealed = Buffer.from(await encrypter.encrypt(payload)).toString("base64");
        await alter(storage, path, { sealed });
        const error = await failure(openKeyring(storage, { kind: "identity", identity: age.identity }));
        expect(error).toMatchObject({ code: "object-damaged", context: { path } });
      }
    }
    expect((await openKeyring(storage, withPhrase("open sesame"))).right).toBe("read");
    expect.assertions(4);
  });

  it("is refused under another slot's name", async () => {
    const { storage } = await newRepository();
    const [path] = (await pathsIn(storage)).filter((each) => each.startsWith("keys/")) as [string];
    const content = await storage.read(path);
    await storage.remove(path);
    await storage.create("keys/00000000000000aa", content);
    expect(await failure(openKeyring(storage, withPhrase("open sesame")))).toMatchObject({
      code: "object-damaged",
    });
  });
});

describe("adding and removing key slots", () => {
  it("gives another credential the same repository and touches nothing else", async () => {
    const { storage, keyring } = await newRepository();
    const before = await contentOf(storage);
    const { identity, slot } = await ageKey();
    const info = await addSlot(storage, keyring, slot, clock);
    expect(info).toEqual({
      slot: expect.stringMatching(/^[0-9a-f]{16}$/),
      label: "escrow",
      right: "read",
      kind: "age",
      created: "2026-03-01T12:00:00.000Z",
      recipient: expect.stringMatching(/^age1/),
    });
    const { [`keys/${info.slot}`]: added, ...rest } = await contentOf(storage);
    expect(added).toBeDefined();
    expect(rest).toEqual(before);
    expect(keyringParts(await openKeyring(storage, { kind: "identity", identity })).masters).toEqual(
      keyringParts(keyring).masters,
    );
  });

  it("lets a write-only holder add write slots but not read slots", async () => {
    const { storage } = await newRepository([phrase("reader"), phrase("agent", "write")]);
    const agent = await openKeyring(storage, withPhrase("agent"));
    await addSlot(storage, agent, phrase("second agent", "write"), clock);
    expect((await openKeyring(storage, withPhrase("second agent"))).right).toBe("write");
    expect(await failure(addSlot(storage, agent, phrase("thief"), clock))).toMatchObject({
      code: "no-read-right",
    });
  });

  it("locks out a removed credential", async () => {
    const { storage, keyring } = await newRepository();
    const { slot } = await addSlot(storage, keyring, phrase("leaver"), clock);
    await openKeyring(storage, withPhrase("leaver"));
    await removeSlot(storage, slot);
    expect(await failure(openKeyring(storage, withPhrase("leaver")))).toMatchObject({ code: "wrong-key" });
  });

  it("refuses to remove the last slot with the read right, but any write slot and anything unusable", async () => {
    const { storage } = await newRepository([phrase("reader"), phrase("agent", "write")]);
    await storage.create("keys/0000000000000000", Buffer.from("garbage"));
    await removeSlot(storage, "0000000000000000");
    const slots = (await listSlots(storage)).flatMap((each) => (each.state === "intact" ? [each.info] : []));
    for (const { slot, right } of slots.filter((each) => each.right === "write")) {
      expect(right).toBe("write");
      await removeSlot(storage, slot);
    }
    const [last] = slots.filter(({ right }) => right === "read");
    const before = await contentOf(storage);
    expect(await failure(removeSlot(storage, last?.slot ?? ""))).toMatchObject({ code: "last-key" });
    expect(await failure(removeSlot(storage, "ffffffffffffffff"))).toMatchObject({ code: "usage" });
    expect(await contentOf(storage)).toEqual(before);
  });

  it("leaves a read slot when two people remove each other's at the same time", async () => {
    const { storage } = await newRepository([phrase("one"), phrase("two")]);
    const [one, two] = (await listSlots(storage)).flatMap((each) =>
      each.state === "intact" ? [each.info.slot] : [],
    );
    // The rival removes the other slot between the first look and the removal.
    class Racing extends FaultyStorage {
      override async remove(path: string): Promise<void> {
        await storage.remove(`keys/${two}`);
        await super.remove(path);
      }
    }
    const before = await storage.read(`keys/${one}`);
    expect(await failure(removeSlot(new Racing(storage), one as string))).toMatchObject({ code: "last-key" });
    expect(await storage.read(`keys/${one}`)).toEqual(before);
    await Promise.any([openKeyring(storage, withPhrase("one")), openKeyring(storage, withPhrase("two"))]);
  });

  it("leaves the old slots as they were when adding fails", async () => {
    const { storage, keyring } = await newRepository();
    const before = await contentOf(storage);
    const full = faultyStorage(storage, failCall({ call: "create", nth: 0 }, "storage-full"));
    expect(await failure(addSlot(full, keyring, phrase("new"), clock))).toMatchObject({
      code: "storage-full",
    });
    expect(await contentOf(storage)).toEqual(before);
  });
});
