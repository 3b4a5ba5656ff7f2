/**
 * The gateway as a process: what it promised survives its sudden death, and its memory does not grow with what passes.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openHouse, send, startService } from "./house.ts";

const SCRIPT = fileURLToPath(new URL("./processes/gateway.ts", import.meta.url));
const ID = "0f6a1c1e-6d55-4d0e-9b53-0b8a52d7b1f4";

let folder: string;
let key: Buffer;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-gateway-process-"));
  key = randomBytes(32);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

async function startProcess(
  target: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [SCRIPT], {
    env: { ...process.env, SPOOL: folder, KEY: key.toString("hex"), TARGET: target, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return { child, url: `${line.toString().trim()}/in` };
}

describe("a gateway that is killed", () => {
  it.each([1, 60, 150])("has kept everything whose answer a client has seen (after %d ms)", async (delay) => {
    await using service = await startService();
    const { child, url } = await startProcess(service.url);
    const seen = new Map<string, Buffer>();
    const tried = new Map<string, Buffer>();
    const stop = new AbortController();
    const worker = async (name: string): Promise<void> => {
      for (let n = 0; !stop.signal.aborted; n++) {
        const corpus = `${name}-${n}`;
        const body = randomBytes(n % 3 === 0 ? 150_000 : 200);
        tried.set(`captures/${ID}/corpora/${corpus}`, body);
        const answer = await send(url, "POST", `/v1/customizations/${ID}/corpora/${corpus}`, { body });
        if (answer.status === 201) seen.set(`captures/${ID}/corpora/${corpus}`, body);
      }
    };
    const workers = Promise.allSettled(["a", "b", "c"].map(worker));
    await expect.poll(() => seen.size, { interval: 1 }).toBeGreaterThan(3);
    await wait(delay);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    stop.abort();
    await workers;
    // Until the system has taken it away it still holds the spool.
    await gone;
    await using house = await openHouse({ spool: { folder, key } });
    const kept = new Map((await house.flushed()).map((capture) => [capture.key, capture]));
    for (const [name, body] of seen) {
      expect(kept.get(name)?.content?.equals(body)).toBe(true);
      expect(kept.get(name)?.note.evidence).toBe("captured");
    }
    // What was under way may have been kept as well: never cut off, never as something else.
    for (const [name, { content }] of kept) expect(content?.equals(tried.get(name) as Buffer)).toBe(true);
    expect(kept.size).toBeLessThanOrEqual(tried.size);
  });
});

describe("an upload of 256 MB", () => {
  const PIECE = randomBytes(64 * 1024);
  const PIECES = 4096;
  /** Largest resident size (bytes) that a process may reach: node itself takes some 70 MB of it. */
  const MOST_RESIDENT = 220 * 1024 * 1024;

  it("takes little memory, though the service stands still at times and all of it is kept", async () => {
    const headers = { "content-length": PIECE.length * PIECES };
    let taken = 0;
    const service = http.createServer((request, response) => {
      request.on("data", (piece: Buffer) => {
        taken += piece.length;
        // Standing still for a moment every 32 MB: whoever does not wait piles up.
        if (taken % (32 * 1024 * 1024) > piece.length) return;
        request.pause();
        setTimeout(() => request.resume(), 50);
      });
      request.on("end", () => response.writeHead(201).end('{"id":"job"}'));
    });
    service.listen(0, "127.0.0.1");
    await once(service, "listening");
    const target = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const { child, url } = await startProcess(target, { COMMIT: "yes" });
    const body = Array.from({ length: PIECES }, () => PIECE);
    const answer = await send(url, "POST", "/v1/recognitions", { headers, body });
    expect(answer.status).toBe(201);
    expect(taken).toBe(PIECE.length * PIECES);
    const health = url.replace("/in", "");
    await expect
      .poll(
        async () => {
          const { body: text } = await send(health, "GET", "/_gateway/health");
          return (JSON.parse(text.toString()) as { instances: { counts: object }[] }).instances[0]?.counts;
        },
        { timeout: 20_000 },
      )
      .toMatchObject({ committed: 1 });
    const status = await readFile(`/proc/${child.pid}/status`, "utf8");
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
    expect(peak).toBeLessThan(MOST_RESIDENT);
    service.close();
    service.closeAllConnections();
  });
});
