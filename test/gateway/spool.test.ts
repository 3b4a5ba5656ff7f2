import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Spool } from "../../src/gateway/spool/spool.ts";

let folder: string;
let key: Buffer;
let damaged: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-spool-"));
  key = randomBytes(32);
  damaged = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function open(options: { key?: Buffer; maxBytes?: number } = {}): Promise<Spool> {
  return Spool.open({ folder, key, ...options }, () => 1_000, {
    damaged: (file) => damaged.push(file),
    failed: () => {},
    accepted: () => {},
  });
}

async function put(spool: Spool, body: Buffer, answer: unknown = { status: 201 }): Promise<void> {
  const entry = spool.begin({ source: "speech", secret: "open sesame" } as { source: string }, false);
  for (let at = 0; at < body.length; at += 20_000) {
    if (!entry.append(body.subarray(at, at + 20_000))) await entry.room();
  }
  await entry.sent(true);
  await entry.accept(answer);
  await Promise.all(spool.waiting("speech").map(({ named }) => named));
}

async function bodies(spool: Spool): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for (const entry of spool.waiting("speech")) {
    const pieces: Buffer[] = [];
    for await (const piece of spool.readBody(entry)) pieces.push(piece);
    all.push(Buffer.concat(pieces));
  }
  return all;
}

const files = async (ending: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith(ending));

describe("the spool", () => {
  it("gives back what was accepted, in its order, to a later process too", async () => {
    const all = [randomBytes(10), randomBytes(500_000), Buffer.alloc(0)];
    const spool = await open();
    for (const body of all) await put(spool, body);
    expect(await bodies(spool)).toEqual(all);
    const used = spool.bytes;
    await spool.close();
    const again = await open();
    expect(await bodies(again)).toEqual(all);
    expect(again.bytes).toBe(used);
    await put(again, Buffer.from("later"));
    expect((await bodies(again)).at(-1)?.toString()).toBe("later");
    for (const entry of again.waiting("speech")) await again.remove(entry);
    expect([again.bytes, await files(".accepted")]).toEqual([0, []]);
    await again.close();
  });

  it("leaves nothing readable on the disk, and nothing for other users", async () => {
    const spool = await open();
    await put(spool, Buffer.from("the text of a corpus"));
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const text = (await readFile(path)).toString("latin1");
      expect(text).not.toMatch(/corpus|sesame|speech/);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    await spool.close();
  });

  it("makes its folder for its own user only", async () => {
    await rm(folder, { recursive: true });
    await (await open()).close();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it("discards a part whose body never became whole, and takes up one that was sent without an answer", async () => {
    const spool = await open();
    const cut = spool.begin({ source: "speech" }, false);
    cut.append(randomBytes(200_000));
    const whole = spool.begin({ source: "speech" }, false);
    whole.append(Buffer.from("whole"));
    await whole.sent(false);
    await cut.room();
    await expect.poll(() => files(".part")).toHaveLength(2);
    const left = await Promise.all(
      (await files(".part")).map(async (name) => [name, await readFile(join(folder, name))] as const),
    );
    await Promise.all([cut.discard(), whole.discard()]);
    await spool.close();
    // What a crash leaves: the files as they were, the last write torn.
    for (const [name, bytes] of left) {
      await writeFile(join(folder, name), Buffer.concat([bytes, randomBytes(3)]));
    }
    const again = await open();
    expect((await bodies(again)).map(String)).toEqual(["whole"]);
    const [entry] = again.waiting("speech");
    expect(entry?.answer).toBeUndefined();
    expect(await files(".part")).toEqual([]);
    await again.close();
  });

  it.each([
    ["cut off", async (path: string) => truncate(path, 150_000)],
    [
      "altered",
      async (path: string) => {
        const bytes = await readFile(path);
        bytes[100_000] = (bytes[100_000] as number) ^ 1;
        await writeFile(path, bytes);
      },
    ],
    ["empty", async (path: string) => truncate(path, 0)],
  ])("puts an entry aside that is %s, and keeps the others", async (_, damage) => {
    const spool = await open();
    await put(spool, randomBytes(300_000));
    await put(spool, Buffer.from("sound"));
    await spool.close();
    for (const name of await files(".accepted")) {
      const path = join(folder, name);
      if ((await stat(path)).size > 300_000) await damage(path);
    }
    const again = await open();
    expect((await bodies(again)).map(String)).toEqual(["sound"]);
    expect(damaged).toHaveLength(1);
    expect(again.damaged).toBe(1);
    expect(await files(".damaged")).toHaveLength(1);
    await again.close();
  });

  it("is not opened with another key while something waits in it, and is when nothing does", async () => {
    const spool = await open();
    await put(spool, Buffer.from("x"));
    await spool.close();
    await expect(open({ key: randomBytes(32) })).rejects.toMatchObject({ code: "wrong-key" });
    const right = await open();
    for (const entry of right.waiting("speech")) await right.remove(entry);
    await right.close();
    await (await open({ key: randomBytes(32) })).close();
    await expect(open({ key: randomBytes(16) })).rejects.toMatchObject({ code: "config-invalid" });
  });

  it("belongs to one process: a living one keeps it, a dead one's lock does not", async () => {
    const spool = await open();
    // The number of the process that started this one: it lives.
    await writeFile(join(folder, "lock"), `${process.ppid}\n`);
    await expect(open()).rejects.toMatchObject({ code: "task-busy" });
    await writeFile(join(folder, "lock"), "2147483646\n");
    await (await open()).close();
    await spool.close();
  });

  it("is full at its bound and takes small things beyond it", async () => {
    const spool = await open({ maxBytes: 100_000 });
    const large = spool.begin({ source: "speech" }, false);
    large.append(randomBytes(150_000));
    await large.sent(false);
    expect(large.failure?.message).toContain("full");
    await expect(large.accept({})).rejects.toThrow("full");
    await large.discard();
    expect([spool.bytes, spool.failing]).toEqual([0, false]);
    const small = spool.begin({ source: "speech" }, true);
    small.append(randomBytes(150_000));
    await small.sent(false);
    await small.accept({});
    expect(spool.hasRoom(1)).toBe(false);
    await spool.close();
  });

  it("slows its writer down instead of filling the memory", async () => {
    const spool = await open();
    const entry = spool.begin({ source: "speech" }, false);
    const piece = randomBytes(64 * 1024);
    let accepted = 0;
    while (entry.append(piece)) accepted += piece.length;
    expect(accepted).toBeLessThan(2 * 1024 * 1024);
    await entry.room();
    expect(entry.append(piece)).toBe(true);
    await entry.discard();
    expect(await files(".part")).toEqual([]);
    await spool.close();
  });
});
