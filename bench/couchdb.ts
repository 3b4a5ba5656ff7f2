/**
 * CouchDB side by side, in one run against one server: couchbackup, bare reading and writing, and Holdfast.
 *
 *   npm run bench                         against the stand-in, 20,000 documents
 *   BENCH_COUCH_URL=http://admin:secret@127.0.0.1:5984 npm run bench -- --documents 200000 --rounds 3
 *
 * Every side is a process of its own; CPU seconds and peak memory are the operating system's. Several rounds give the
 * median, and the sides take turns inside a round.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runSide, type Measured } from "./couchdb/child.ts";
import {
  benchDocument,
  editSome,
  fill,
  send,
  serverOf,
  withCredentials,
  type Server,
} from "./couchdb/database.ts";

const { values } = parseArgs({
  options: { documents: { type: "string", default: "20000" }, rounds: { type: "string", default: "1" } },
});
const DOCUMENTS = Number(values.documents);
const ROUNDS = Number(values.rounds);
const DELTA_STEP = 100;
const HISTORY_DELTAS = 30;

const side = (name: string): string => fileURLToPath(new URL(`./couchdb/${name}.ts`, import.meta.url));
const tool = (name: string): string =>
  fileURLToPath(new URL(`../node_modules/@cloudant/couchbackup/bin/${name}.bin.js`, import.meta.url));

/** Node's flags as the published command has them in its first line. */
const FLAGS = ["--max-semi-space-size=4", "--heap-growing-percent=50"];

const holdfast = (env: NodeJS.ProcessEnv, ...args: string[]): Promise<Measured> =>
  runSide(side("holdfast"), args, { env, flags: FLAGS });

const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
let standIn: ChildProcess | undefined;

async function startServer(): Promise<Server> {
  const url = process.env["BENCH_COUCH_URL"];
  if (url !== undefined) return serverOf(url);
  standIn = spawn(process.execPath, [side("server")], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(standIn.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return serverOf(line.toString().trim().replace("://", "://admin:admin@"));
}

const all = new Map<string, Measured[]>();

async function measure(name: string, run: () => Promise<Measured>): Promise<Measured> {
  const measured = await run();
  all.set(name, [...(all.get(name) ?? []), measured]);
  console.error(`  ${name}: ${measured.wallS.toFixed(2)} s`);
  return measured;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

/** A side's median; `inner`: the side's own clock, without the start of the process. */
function figure(name: string, pick: (measured: Measured) => number): number {
  return median((all.get(name) ?? []).map(pick));
}

const wall = (name: string): number => figure(name, (measured) => measured.wallS);
const own = (name: string): number => figure(name, ({ result, wallS }) => result["seconds"] ?? wallS);
const rate = (name: string): number => DOCUMENTS / wall(name);

async function round(server: Server, number: number): Promise<void> {
  console.error(`round ${number}`);
  const env = { BENCH_SERVER: withCredentials(server, "").replace(/\/$/, "") };
  for (const [label, long] of [
    ["short", false],
    ["long", true],
  ] as const) {
    const database = `holdfast-bench-${label}`;
    await fill(server, database, DOCUMENTS, long);
    const repository = join(folder, `${label}-${number}`);
    const file = join(folder, `${label}-${number}.couchbackup`);
    const url = withCredentials(server, "").replace(/\/$/, "");
    await measure(`${label}: couchbackup`, () =>
      runSide(tool("couchbackup"), ["--url", url, "--db", database, "--quiet"], { stdoutFile: file }),
    );
    await measure(`${label}: bare feed with documents`, () =>
      runSide(side("bare"), ["read-feed", database], { env }),
    );
    await holdfast(env, "init", repository, database);
    await measure(`${label}: holdfast baseline`, () => holdfast(env, "backup", repository, database));
    if (long) continue;
    await restores(server, database, repository, file, env);
    await deltas(server, database, repository, env);
  }
  for (const label of ["short", "long"]) await send(server, "DELETE", `holdfast-bench-${label}`);
}

async function restores(
  server: Server,
  database: string,
  repository: string,
  file: string,
  env: NodeJS.ProcessEnv,
) {
  const target = `${database}-target`;
  const url = withCredentials(server, "").replace(/\/$/, "");
  const empty = async (): Promise<void> => {
    await (await send(server, "DELETE", target)).text();
    await (await send(server, "PUT", target)).text();
  };
  await empty();
  await measure("couchrestore", () =>
    runSide(tool("couchrestore"), ["--url", url, "--db", target, "--quiet"], { stdin: file }),
  );
  await empty();
  await measure("bare _bulk_docs in order of id", () =>
    runSide(side("bare"), ["write", target, String(DOCUMENTS)], { env }),
  );
  await (await send(server, "DELETE", target)).text();
  await measure("holdfast restore", () => holdfast(env, "restore", repository, database, target));
  await (await send(server, "DELETE", target)).text();
}

async function deltas(server: Server, database: string, repository: string, env: NodeJS.ProcessEnv) {
  const run = (verb: string, ...args: string[]) => holdfast(env, verb, repository, database, ...args);
  await editSome(server, database, DOCUMENTS, DELTA_STEP, 1);
  await measure("holdfast delta, 1 %", () => run("backup"));
  await measure("holdfast run without changes", () => run("backup"));
  // A few documents, the first of all among them, change in every one of the further deltas.
  for (let edit = 2; edit <= HISTORY_DELTAS; edit++) {
    await editSome(server, database, 50, 10, edit);
    await run("backup");
  }
  const item = benchDocument(0)._id;
  await measure("holdfast history of one document", () => run("log", item));
  await measure("holdfast restore of one document", () => run("restore-one", item));
}

function row(name: string, rated: boolean): string {
  const bytes = figure(name, ({ result }) => result["bodyBytes"] ?? result["bytes"] ?? Number.NaN);
  const cells = [
    rated ? Math.round(rate(name)).toLocaleString("en") : "",
    rated && !Number.isNaN(bytes) ? (bytes / 1e6 / wall(name)).toFixed(1) : "",
    wall(name).toFixed(2),
    own(name).toFixed(3),
    figure(name, ({ cpuS }) => cpuS).toFixed(2),
    figure(name, ({ peakMiB }) => peakMiB).toFixed(0),
  ];
  return `| ${name} | ${cells.join(" | ")} |`;
}

function ratio(name: string, of: string, pick: (name: string) => number): string {
  return (pick(name) / pick(of)).toFixed(2);
}

function report(server: Server): void {
  console.log(
    `\n${DOCUMENTS.toLocaleString("en")} documents, ${ROUNDS} round(s), ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}`,
  );
  console.log(
    process.env["BENCH_COUCH_URL"] === undefined ? "server: the stand-in" : `server: ${server.url}`,
  );
  console.log(
    "\n| side | docs/s | MB/s | wall s | own s | client CPU s | peak MiB |\n|---|---|---|---|---|---|---|",
  );
  const single = ["delta", "without", "history", "one document"];
  for (const name of all.keys()) console.log(row(name, !single.some((word) => name.includes(word))));
  const stored = figure("short: holdfast baseline", ({ result }) => result["storedBytes"] ?? 0);
  const file = statSync(join(folder, "short-1.couchbackup")).size;
  const cpu = (name: string): number => figure(name, ({ cpuS }) => cpuS);
  const goals: readonly (readonly [string, string, string])[] = [
    [
      "baseline / couchbackup, docs/s",
      ratio("short: holdfast baseline", "short: couchbackup", rate),
      "≥ 1.6",
    ],
    [
      "baseline / bare feed, docs/s",
      ratio("short: holdfast baseline", "short: bare feed with documents", rate),
      "≥ 0.9",
    ],
    [
      "baseline of long histories / couchbackup, docs/s",
      ratio("long: holdfast baseline", "long: couchbackup", rate),
      "≥ 1.35",
    ],
    ["restore / couchrestore, docs/s", ratio("holdfast restore", "couchrestore", rate), "≥ 3.5"],
    [
      "restore / bare _bulk_docs, docs/s",
      (own("bare _bulk_docs in order of id") / own("holdfast restore")).toFixed(2),
      "≥ 0.9",
    ],
    [
      "baseline / couchbackup, client CPU",
      ratio("short: holdfast baseline", "short: couchbackup", cpu),
      "≤ 0.5",
    ],
    ["restore / couchrestore, client CPU", ratio("holdfast restore", "couchrestore", cpu), "≤ 0.5"],
    [
      "1 % delta / baseline, time",
      (own("holdfast delta, 1 %") / own("short: holdfast baseline")).toFixed(3),
      "≤ 0.03",
    ],
    ["run without changes, s", own("holdfast run without changes").toFixed(3), "< 1"],
    [
      "run without changes, requests",
      String(figure("holdfast run without changes", ({ result }) => result["requests"] ?? 0)),
      "≤ 5",
    ],
    ["history over 30 deltas, ms", (own("holdfast history of one document") * 1_000).toFixed(0), "< 50"],
    [
      "peak memory, MiB",
      Math.max(
        ...[...all.keys()]
          .filter((name) => name.includes("holdfast"))
          .map((name) => figure(name, ({ peakMiB }) => peakMiB)),
      ).toFixed(0),
      "≤ 256",
    ],
    ["bytes stored / couchbackup's file", (stored / file).toFixed(2), ""],
  ];
  console.log("\n| ratio | reached | goal |\n|---|---|---|");
  for (const [name, reached, goal] of goals) console.log(`| ${name} | ${reached} | ${goal} |`);
}

execFileSync("tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
const server = await startServer();
try {
  for (let number = 1; number <= ROUNDS; number++) await round(server, number);
  report(server);
} finally {
  standIn?.kill();
  rmSync(folder, { recursive: true, force: true });
}
