/**
 * A real server process: killed in the middle of a first baseline it continues after a restart; told to stop it stops.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { startCouchDB } from "../../src/sandbox/couchdb/index.ts";
import type { ServeEvent } from "../../src/operations/reports.ts";
import { Couch } from "./house.ts";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;

class Process {
  readonly events: ServeEvent[] = [];
  errors = "";
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], config: string) {
    const env = { ...process.env, HOLDFAST_CONFIG: config, P: "p", ADMIN: "admin" };
    this.child = spawn(process.execPath, [MAIN, ...args, "--json"], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      this.events.push(JSON.parse(line) as ServeEvent);
    });
    this.child.stderr?.on("data", (text) => (this.errors += String(text)));
    this.ended = once(this.child, "exit").then(([code]) => code as number | null);
  }

  async until(event: ServeEvent["event"], job: string): Promise<ServeEvent> {
    for (;;) {
      const found = this.events.find((one) => one.event === event && one.job === job);
      if (found !== undefined) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended: ${this.errors}`);
      await wait(20);
    }
  }
}

it("continues after a kill, keeps a second server away, and stops when it is told", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-serve-"));
  const server = await startCouchDB({ admin: { name: "admin", password: "admin" } });
  try {
    const couch = new Couch(server.url);
    await couch.json("PUT", "orders");
    const docs = Array.from({ length: 2_000 }, (_, index) => ({
      _id: `order ${index}`,
      padding: "x".repeat(500),
    }));
    await couch.json("POST", "orders/_bulk_docs", { docs });
    const config = join(folder, "holdfast.yaml");
    await writeFile(
      config,
      `repository: { folder: repository, passphrase: "env:P" }
server: { check: false, spread: 1s }
sources: { prod: { kind: couchdb, url: "${server.url}", auth: { type: basic, username: admin, password: "env:ADMIN" } } }
`,
    );
    expect(await new Process(["init"], config).ended).toBe(0);

    server.faults.add({ kind: "slow", ms: 60_000, match: { path: "_bulk_get|_changes" }, after: 1 });
    const first = new Process(["serve"], config);
    await first.until("began", "backup prod/orders");
    const second = new Process(["serve"], config);
    expect([await second.ended, second.errors]).toEqual([
      expect.any(Number),
      expect.stringContaining("task-busy"),
    ]);
    expect(second.child.exitCode).not.toBe(0);
    first.child.kill("SIGKILL");
    await first.ended;
    server.faults.clear();

    const third = new Process(["serve"], config);
    expect(await third.until("ended", "backup prod/orders")).toMatchObject({
      ok: true,
      did: expect.stringContaining("baseline: 2002 items") as string,
    });
    third.child.kill("SIGTERM");
    expect(await third.ended).toBe(0);
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
