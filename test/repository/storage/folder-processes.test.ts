/** The folder's promises to several processes, and to those that are killed in the middle. */
import { collect } from "../../../src/repository/storage/conformance/check.ts";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFolder } from "../../../src/repository/storage/folder.ts";

const KILLS = 15;
const RIVALS = 4;
const RACES = 60;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-processes-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function start(script: string, ...args: string[]): Promise<ChildProcess> {
  const file = join(import.meta.dirname, "processes", script);
  const child = spawn(process.execPath, [file, folder, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

describe("a folder used by several processes", () => {
  it("never shows a part of an object, however often writers are killed while they create", async () => {
    const storage = openFolder(folder);
    for (let round = 0; round < KILLS; round++) {
      const child = await start("create-loop.ts");
      // Spread over the few milliseconds that one object takes, so that every step of it is hit.
      await sleep(10 + round * 3);
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    const objects = await collect(storage.list(""));
    expect(objects.length).toBeGreaterThan(KILLS);
    for (const { path } of objects) {
      const digest = createHash("sha256")
        .update(await storage.read(path))
        .digest("hex");
      expect(path).toBe(`made/${digest}`);
    }
  });

  it.each([true, false])(
    "has exactly one winner for each object that processes race to create (hard links: %s)",
    async (hardLinks) => {
      const names = Array.from({ length: RIVALS }, (_, index) => `rival-${index}`);
      const children = await Promise.all(
        names.map(async (name) => await start("create-race.ts", name, String(RACES), String(hardLinks))),
      );
      const answers = children.map(async (child) => {
        const [output] = await once(child.stdout as NonNullable<typeof child.stdout>, "data");
        return JSON.parse(String(output)) as number[];
      });
      for (const child of children) child.stdin?.write("go\n");
      const won = await Promise.all(answers);

      expect(won.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: RACES }, (_, index) => index));
      const storage = openFolder(folder);
      for (const [rival, indexes] of won.entries()) {
        for (const index of indexes)
          expect(String(await storage.read(`race/${index}`))).toBe(`rival-${rival} ${index}`);
      }
    },
  );
});
