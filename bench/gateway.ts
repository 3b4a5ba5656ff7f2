/**
 * What the capture gateway costs, side by side with a direct connection, in one run: added latency, and throughput.
 *
 *   node bench/gateway.ts [--requests 2000] [--megabytes 256] [--rounds 3]
 *
 * Client, gateway and service are three processes on one machine, so they also compete for its processors, which they do not do in
 * operation; `--line` bounds the service as a network line of so many megabits a second would. Direct and through the gateway take
 * turns, request by request for the latency and transfer by transfer for the throughput.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "2000" },
    megabytes: { type: "string", default: "256" },
    rounds: { type: "string", default: "3" },
    line: { type: "string", default: "1000" },
  },
});
const REQUESTS = Number(values.requests);
const BYTES = Number(values.megabytes) * 1024 * 1024;
const ROUNDS = Number(values.rounds);
/** Bits of a line's megabit in bytes. */
const LINE = (Number(values.line) * 1_000_000) / 8;
const WARM_UP = 200;
const PIECE = Buffer.alloc(64 * 1024, 7);
const ID = "0f6a1c1e-6d55-4d0e-9b53-0b8a52d7b1f4";

const children: ChildProcess[] = [];
const folders: string[] = [];

async function start(name: string, env: NodeJS.ProcessEnv): Promise<{ url: URL; pid: number }> {
  const script = fileURLToPath(new URL(`./gateway/${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return { url: new URL(line.toString().trim()), pid: child.pid as number };
}

async function startGateway(target: URL, env: NodeJS.ProcessEnv): Promise<URL> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-gateway-"));
  folders.push(folder);
  return (await start("gateway", { SPOOL: folder, TARGET: target.href, ...env })).url;
}

const agent = new http.Agent({ keepAlive: true });

async function once1(url: URL, method: string, path: string, body?: string): Promise<number> {
  const began = performance.now();
  const request = http.request({ host: url.hostname, port: url.port, method, path, agent });
  request.end(body);
  const [answer] = (await once(request, "response")) as [http.IncomingMessage];
  answer.resume();
  await once(answer, "end");
  return performance.now() - began;
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;

async function latency(
  label: string,
  sides: readonly [string, URL][],
  method: string,
  path: string,
  body?: string,
) {
  const times = new Map<string, number[]>(sides.map(([name]) => [name, []]));
  for (let n = 0; n < WARM_UP + REQUESTS; n++) {
    for (const [name, url] of sides) {
      const taken = await once1(url, method, path, body);
      if (n >= WARM_UP) (times.get(name) as number[]).push(taken);
    }
  }
  const sorted = [...times].map(([name, all]) => [name, all.toSorted((a, b) => a - b)] as const);
  const [, direct] = sorted[0] as readonly [string, number[]];
  for (const [name, all] of sorted) {
    const added = (share: number): string => (at(all, share) - at(direct, share)).toFixed(2);
    console.log(
      `${label.padEnd(34)} ${name.padEnd(16)} p50 ${at(all, 0.5).toFixed(2)} ms  p99 ${at(all, 0.99).toFixed(2)} ms` +
        (all === direct ? "" : `  added p50 ${added(0.5)} ms  p99 ${added(0.99)} ms`),
    );
  }
}

async function upload(url: URL, path: string): Promise<number> {
  const began = performance.now();
  const request = http.request({
    host: url.hostname,
    port: url.port,
    method: "POST",
    path,
    headers: { "content-type": "audio/wav", "content-length": BYTES },
    agent,
  });
  const answered = once(request, "response") as Promise<[http.IncomingMessage]>;
  for (let sent = 0; sent < BYTES; sent += PIECE.length) {
    if (!request.write(PIECE)) await once(request, "drain");
  }
  request.end();
  const [answer] = await answered;
  answer.resume();
  await once(answer, "end");
  return BYTES / (performance.now() - began) / 1000;
}

async function download(url: URL): Promise<number> {
  const began = performance.now();
  const request = http.get({
    host: url.hostname,
    port: url.port,
    path: `/v1/synthesize?bytes=${BYTES}`,
    agent,
  });
  const [answer] = (await once(request, "response")) as [http.IncomingMessage];
  for await (const _piece of answer);
  return BYTES / (performance.now() - began) / 1000;
}

async function throughput(
  label: string,
  sides: readonly [string, URL][],
  transfer: (url: URL) => Promise<number>,
) {
  const rates = new Map<string, number[]>(sides.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, url] of sides) (rates.get(name) as number[]).push(await transfer(url));
  }
  const median = (name: string): number =>
    at(
      (rates.get(name) as number[]).toSorted((a, b) => a - b),
      0.5,
    );
  const direct = median(sides[0]?.[0] as string);
  for (const [name] of sides) {
    console.log(
      `${label.padEnd(34)} ${name.padEnd(16)} ${median(name).toFixed(0)} MB/s  ${(median(name) / direct).toFixed(2)} x direct`,
    );
  }
}

try {
  const fast = await start("service", {});
  const line = await start("service", { LINE: String(LINE) });
  const pass = await startGateway(fast.url, {});
  const refuse = await startGateway(fast.url, { MODE: "refuse" });
  const unsynced = await startGateway(fast.url, { SYNC: "no" });
  const behindLine = await startGateway(line.url, {});
  console.log(`${cpus().length} processors, ${cpus()[0]?.model ?? ""}, node ${process.version}`);
  const sides: [string, URL][] = [
    ["direct", fast.url],
    ["gateway", pass],
    ["gateway, refuse", refuse],
    ["gateway, no sync", unsynced],
  ];
  const onlyTwo = sides.slice(0, 2);
  await latency("GET, not kept", onlyTwo, "GET", "/v1/customizations");
  await latency("PUT word, kept", sides, "PUT", `/v1/customizations/${ID}/words/w`, '{"sounds_like":["w"]}');
  await latency("POST train, kept", sides, "POST", `/v1/customizations/${ID}/train`);
  const lineSides: [string, URL][] = [
    ["direct", line.url],
    ["gateway", behindLine],
  ];
  const audio = `/v1/acoustic_customizations/${ID}/audio/a?allow_overwrite=true`;
  await throughput(`upload, kept, ${values.line} Mbit/s line`, lineSides, (url) => upload(url, audio));
  await throughput("upload, kept, loopback", sides, (url) => upload(url, audio));
  await throughput("upload, not kept, loopback", onlyTwo, (url) => upload(url, "/v1/recognize"));
  await throughput("download, loopback", onlyTwo, download);
} finally {
  agent.destroy();
  for (const child of children) child.kill();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
