/**
 * Real processes, really killed: backups and restores that are cut off by SIGKILL at arbitrary moments are continued by
 * running the same command again, and nothing is lost or duplicated.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startCouchDB, type CouchDBSandbox } from "../../src/sandbox/couchdb/index.ts";
import { Couch } from "./house.ts";

/** Enough bytes for several segments and checkpoints (a segment is cut at 24 MiB). */
const DOCUMENTS = 24_000;
const PADDING = "x".repeat(2_400);
const BATCH = 1_000;
const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;

let folder: string;
let server: CouchDBSandbox;
let couch: Couch;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-kill-"));
  server = await startCouchDB();
  couch = new Couch(server.url);
  await couch.json("PUT", "big");
  for (let start = 0; start < DOCUMENTS; start += BATCH) {
    const docs = Array.from({ length: BATCH }, (_, offset) => ({
      _id: `doc ${start + offset}`,
      padding: PADDING,
    }));
    await couch.json("POST", "big/_bulk_docs", { docs });
  }
  const config = [
    `repository: { folder: ${join(folder, "repository")}, passphrase: "env:KILL_PASSPHRASE" }`,
    `sources: { prod: { kind: couchdb, url: "${server.url}", auth: { type: basic, username: admin, password: "env:KILL_PASSWORD" } } }`,
  ];
  await writeFile(join(folder, "holdfast.yaml"), config.join("\n"));
  env = {
    ...process.env,
    HOLDFAST_CONFIG: join(folder, "holdfast.yaml"),
    KILL_PASSPHRASE: "p",
    KILL_PASSWORD: "admin",
  };
  const made = await command("init");
  if (made.code !== 0) throw new Error(made.errors);
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function command(...args: string[]): Promise<{ code: number | null; out: string; errors: string }> {
  return run(args);
}

/** Runs the command line; with `killAfterMs` it is killed then, unless it was faster. */
async function run(args: readonly string[], killAfterMs?: number) {
  const child = spawn(process.execPath, [MAIN, ...args, "--json"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let errors = "";
  child.stdout.on("data", (text) => (out += String(text)));
  child.stderr.on("data", (text) => (errors += String(text)));
  const closed = once(child, "close") as Promise<[number | null]>;
  if (killAfterMs !== undefined) {
    await Promise.race([closed, wait(killAfterMs)]);
    child.kill("SIGKILL");
  }
  const [code] = await closed;
  return { code, out, errors };
}

it(
  "a backup and a restore killed again and again are finished by repeating them",
  { timeout: 120_000 },
  async () => {
    let kills = 0;
    for (const delay of [300, 500, 800, 1_200, 1_700]) {
      const { code } = await run(["backup", "prod/big"], delay);
      if (code === null) kills += 1;
      // Whatever was there when it died, what is there is whole.
      const checked = await command("check");
      expect(checked.code, checked.errors).toBe(0);
    }
    expect(kills).toBeGreaterThan(2);
    const finished = await command("backup", "prod/big");
    expect(finished.code, finished.errors).toBe(0);
    for (const delay of [500, 900, 1_300])
      await run(["restore", "prod/big", "--to", "copy", "--all", "--yes"], delay);
    const restored = await command("restore", "prod/big", "--to", "copy", "--all", "--yes");
    expect(restored.code, restored.errors).toBe(0);
    for (const name of ["big", "copy"]) {
      const compared = await command("compare", "prod/big", "--to", name);
      expect(compared.code, compared.out + compared.errors).toBe(0);
      expect(JSON.parse(compared.out)).toMatchObject({ equal: true, differenceCount: 0 });
    }
    expect(await couch.json("GET", "copy")).toMatchObject({ doc_count: DOCUMENTS, doc_del_count: 0 });
    const read = await command("check", "--read-data");
    expect(read.code, read.errors).toBe(0);
  },
);
