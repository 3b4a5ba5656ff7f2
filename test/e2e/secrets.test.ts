/**
 * Marked credentials of every kind pushed through everything, against services that work and services that fail. No
 * text that comes out, and no byte that is stored, holds a mark: plain, percent-encoded, escaped or in base64.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Io } from "../../src/cli/io.ts";
import { lazyOperations, type Operations } from "../../src/cli/operations.ts";
import { run } from "../../src/cli/run.ts";
import { systemClock } from "../../src/model/clock.ts";
import { backup } from "../../src/operations/backup.ts";
import { compare } from "../../src/operations/compare.ts";
import { discover, testSource } from "../../src/operations/discover.ts";
import { restore } from "../../src/operations/restore.ts";
import { listRuns } from "../../src/operations/runs.ts";
import { openWorkspace, type Workspace } from "../../src/operations/workspace.ts";
import type { SourceSettings } from "../../src/operations/connections.ts";
import { initRepository } from "../../src/repository/init-repository.ts";
import type { NewSlot } from "../../src/repository/sealing/slots.ts";
import { openFolder } from "../../src/repository/storage/folder.ts";
import { listTaskNames } from "../../src/repository/repository.ts";
import { listRunObjects, readRunRecord } from "../../src/repository/run-records.ts";
import { generations, readManifest } from "../../src/repository/task-store.ts";
import { startCouchDB, type CouchDBSandbox } from "../../src/sandbox/couchdb/index.ts";
import { collect } from "./house.ts";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const USER = "operator";
/** Blanks, signs and a letter outside ASCII: escaped, percent-encoded and encoded forms all differ from the plain one. */
const MARK = {
  password: 'mark-Password 7f/+"é',
  apiKey: "mark-ApiKey+93/c1",
  token: "mark-IamToken.5d.eyJ",
  cookie: "mark-SessionCookie-a8",
  passphrase: 'mark-Passphrase é "b2"',
  newPassphrase: "mark-NewPassphrase=c3",
  userinfo: "mark-Userinfo-d4",
} as const;
const CHEAP = { memoryKiB: 1_024, passes: 1, parallelism: 1 };
const FEW_TRIES = { attempts: 2, throttledAttempts: 2, baseDelayMs: 1, maxDelayMs: 2 };

let folder: string;
let couch: CouchDBSandbox;
let identity: string;
let env: Record<string, string>;
/** Everything that came out anywhere, with where it came from. */
const said: { readonly by: string; readonly text: string }[] = [];

/** How a failing service fails. */
type Failure = "401" | "403" | "429" | "500" | "cut" | "malformed" | "redirect" | "echo";
const FAILURES: readonly Failure[] = ["401", "403", "429", "500", "cut", "malformed", "redirect"];
let failure: Failure = "401";
let failing: Server;
let failingUrl: string;
/** Requests that came to the host that a service redirected to. */
const astray: IncomingMessage[] = [];
let elsewhere: Server;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-secrets-"));
  couch = await startCouchDB({ admin: { name: USER, password: MARK.password }, apiKeys: [MARK.apiKey] });
  elsewhere = createServer((request, response) => {
    astray.push(request);
    response.end("{}");
  });
  const other = await listening(elsewhere);
  failing = createServer((request, response) => void answer(request, response, other));
  failingUrl = await listening(failing);
  identity = await generateX25519Identity();
  env = {
    PATH: process.env["PATH"] ?? "",
    HOLDFAST_PASSPHRASE: MARK.passphrase,
    PASSWORD: MARK.password,
    APIKEY: MARK.apiKey,
    NEW: MARK.newPassphrase,
  };
  await writeFile(join(folder, "identity"), `# a key\n${identity}\n`);
  await writeFile(join(folder, "holdfast.yaml"), config());
  await fill();
}, 30_000);

afterAll(async () => {
  for (const server of [failing, elsewhere]) {
    server.closeAllConnections();
    server.close();
  }
  await couch.close();
  await rm(folder, { recursive: true });
});

function config(): string {
  const auths = {
    basic: `{ type: basic, username: ${USER}, password: env:PASSWORD }`,
    session: `{ type: session, username: ${USER}, password: env:PASSWORD }`,
    iam: (url: string) => `{ type: iam, apiKey: env:APIKEY, tokenUrl: "${url}/identity/token" }`,
  };
  const sources = [
    ...["", "failing-"].flatMap((prefix) => {
      const url = prefix === "" ? couch.url : failingUrl;
      return [
        `  ${prefix}basic: { kind: couchdb, url: "${url}", databases: [kept], auth: ${auths.basic} }`,
        `  ${prefix}session: { kind: couchdb, url: "${url}", databases: [kept], auth: ${auths.session} }`,
        `  ${prefix}iam: { kind: couchdb, url: "${url}", databases: [kept], auth: ${auths.iam(url)} }`,
      ];
    }),
    // Nobody listens there.
    `  nowhere: { kind: couchdb, url: "http://127.0.0.1:9", databases: [kept], auth: ${auths.basic} }`,
  ];
  return `repository: { folder: ./repository }\nsources:\n${sources.join("\n")}\n`;
}

async function fill(): Promise<void> {
  await asApplication("PUT", "kept");
  const docs = [
    { _id: "a", n: 1 },
    { _id: "b", _attachments: { "t.txt": { content_type: "text/plain", data: btoa("text") } } },
  ];
  await asApplication("POST", "kept/_bulk_docs", { docs });
}

/** As an application, whose credentials are the same. */
async function asApplication(method: string, path: string, body?: unknown): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${USER}:${MARK.password}`).toString("base64")}`;
  const response = await fetch(`${couch.url}/${path}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  await response.arrayBuffer();
}

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Gives out marked tokens and cookies, and fails at everything else. */
async function answer(request: IncomingMessage, response: ServerResponse, other: string): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const send = (status: number, body: string, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  };
  if (request.url === "/identity/token") {
    return send(200, JSON.stringify({ access_token: MARK.token, expires_in: 3600 }));
  }
  if (request.url === "/_session" && request.method === "POST") {
    return send(200, `{"ok":true}`, { "set-cookie": `AuthSession=${MARK.cookie}; Path=/` });
  }
  const refusal = JSON.stringify({ error: "refused", reason: "not today" });
  switch (failure) {
    case "cut":
      response.writeHead(200, { "content-type": "application/json", "content-length": "500" });
      response.write(`{"results":[`, () => response.destroy());
      return undefined;
    case "malformed":
      return send(200, `{"db_name":"kept","update_seq":!!,`);
    case "redirect":
      return send(302, "", { location: `${other}${request.url}` });
    case "echo": {
      // As a careless proxy in the way does.
      const headers = JSON.stringify(request.headers);
      return send(403, JSON.stringify({ error: "forbidden", reason: `refused: ${headers}` }));
    }
    default:
      return send(Number(failure), refusal, { "retry-after": "0" });
  }
}

/** The operations of the command, with sources that give up soon: pauses between tries are not what is tested. */
const hurried: Operations = {
  ...lazyOperations,
  // Guessing passphrases is not what is tested either.
  initRepositoryAt: async (place, { passphrase = "", recipients = [] }) => {
    const storage = openFolder(place.folder);
    const slots: NewSlot[] = [
      { kind: "passphrase", passphrase, kdf: CHEAP, label: "", right: "read" },
      ...recipients.map((recipient) => ({ kind: "age", recipient, label: "", right: "read" }) as const),
    ];
    const { file } = await initRepository(storage, { slots, clock: systemClock });
    await storage.close();
    return { repository: file.repository, location: place.folder, slots: [] };
  },
  openWorkspace: async (options) =>
    lazyOperations.openWorkspace({ ...options, sources: options.sources.map(hurry) }),
  connect: async (sources, clock) => lazyOperations.connect(sources.map(hurry), clock),
};

function hurry(settings: SourceSettings): SourceSettings {
  return { ...settings, options: { ...settings.options, retry: FEW_TRIES } };
}

/** The command in this process; everything it says is remembered. */
async function holdfast(words: readonly string[], more: Record<string, string> = {}): Promise<number> {
  const by = `holdfast ${words.join(" ")}`;
  const into = {
    isTTY: false,
    columns: undefined,
    closed: false,
    async write(text: string | Uint8Array) {
      said.push({ by, text: Buffer.from(text).toString("latin1") });
    },
  };
  const io: Io = {
    stdout: into,
    stderr: into,
    env: { ...env, ...more },
    cwd: folder,
    home: folder,
    interactive: false,
    ask: async () => "",
    askSecret: async () => "",
  };
  return run(words, { io, clock: systemClock, operations: hurried, signal: new AbortController().signal });
}

/** In text and in JSON, each as talkative as it gets; the exit statuses. */
async function both(...words: string[]): Promise<number[]> {
  return [await holdfast([...words, "--verbose"]), await holdfast([...words, "--json", "--verbose"])];
}

/** Whatever a library call yields or throws, looked into as far as a debugger would. */
async function remember(by: string, act: () => Promise<unknown>): Promise<void> {
  const outcome = await act().catch((error: unknown) => error);
  const text = inspect(outcome, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  said.push({ by, text }, { by, text: JSON.stringify(outcome) ?? "" });
}

/** The ways in which a mark may lie hidden in a text. */
function formsOf(mark: string): string[] {
  const bytes = Buffer.from(mark);
  const encoded = [0, 1, 2].flatMap((shift) => {
    // Three alignments; the characters that neighbours take part in are left out.
    const base64 = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const inner = base64.slice(shift === 0 ? 0 : shift + 1, -2);
    return [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
  });
  const escaped = JSON.stringify(mark).slice(1, -1);
  const form = new URLSearchParams({ a: mark }).toString().slice(2);
  const plain = [mark, bytes.toString("latin1"), escaped, Buffer.from(escaped).toString("latin1")];
  return [...new Set([...plain, ...encoded, encodeURIComponent(mark), form, bytes.toString("hex")])];
}

/** Each mark's forms, made once: there is much to search. */
const FORMS = new Map<string, readonly string[]>();

function expectNoMark(text: string, by: string): void {
  for (const [name, mark] of Object.entries({ ...MARK, identity })) {
    let forms = FORMS.get(mark);
    if (forms === undefined) FORMS.set(mark, (forms = formsOf(mark)));
    for (const form of forms) {
      if (text.includes(form)) expect.fail(`${by} shows the ${name} (as ${form}): ${around(text, form)}`);
    }
  }
}

function around(text: string, form: string): string {
  const at = text.indexOf(form);
  return text.slice(Math.max(0, at - 200), at + form.length + 50);
}

function expectNothingSaid(): void {
  expect(said.length).toBeGreaterThan(0);
  for (const { by, text } of said.splice(0)) expectNoMark(text, by);
}

async function open(): Promise<Workspace> {
  const auth = { kind: "session", username: USER, password: MARK.password } as const;
  const iam = { kind: "iam", apiKey: MARK.apiKey, tokenUrl: `${failingUrl}/identity/token` } as const;
  const basic = { kind: "basic", username: USER, password: MARK.password } as const;
  const source = (name: string, url: string, how: typeof auth | typeof iam | typeof basic) =>
    hurry({ name, collections: ["kept"], exclude: [], options: { kind: "couchdb", url, auth: how } });
  return openWorkspace({
    repository: { folder: join(folder, "repository") },
    credential: { kind: "passphrase", passphrase: MARK.passphrase },
    sources: [
      source("basic", couch.url, basic),
      source("failing-basic", failingUrl, basic),
      source("failing-session", failingUrl, auth),
      source("failing-iam", failingUrl, iam),
    ],
  });
}

describe("the search for marks", () => {
  it("finds a credential in every disguise", () => {
    for (const mark of [...Object.values(MARK), identity]) {
      for (const text of [
        mark,
        `Basic ${Buffer.from(`${USER}:${mark}`).toString("base64")}`,
        `http://x/?token=${encodeURIComponent(mark)}`,
        JSON.stringify({ mark }),
        Buffer.from(JSON.stringify({ mark })).toString("latin1"),
        inspect(new Error("outer", { cause: new Error(mark) })),
      ]) {
        expect(() => expectNoMark(text, "the text")).toThrow("the text shows");
      }
    }
  });
});

describe("no credential comes out", () => {
  it("of the whole round of commands against services that work", async () => {
    const recipient = await identityToRecipient(identity);
    expect(await holdfast(["init", "--recipient", recipient, "--verbose"])).toBe(0);
    for (const source of ["basic", "session", "iam"]) {
      const task = `${source}/kept`;
      for (const words of [
        ["source", "test", source],
        ["source", "discover", source],
        ["backup", source],
        ["ls", task],
        ["log", task, "a"],
        ["cat", task, "a"],
        ["deltas", task],
        ["diff", task, "a", "live"],
        ["compare", task],
      ]) {
        expect([words, await both(...words)]).toEqual([words, [0, 0]]);
      }
      await both("restore", task, "--all", "--to", `again-${source}`, "--yes", "--list-items");
      await both("restore", task, "--id", "a", "--in-place", "--yes");
    }
    for (const words of [
      ["source", "list"],
      ["tasks"],
      ["runs"],
      ["check", "--read-data"],
      ["config", "show", "--origin"],
      ["key", "list"],
    ]) {
      expect([words, await both(...words)]).toEqual([words, [0, 0]]);
    }
    await both("doctor");
    expect(await holdfast(["tasks", "--identity", "file:identity"], { HOLDFAST_PASSPHRASE: "" })).toBe(0);
    expectNothingSaid();
  }, 60_000);

  it("of commands with a wrong passphrase, a broken reference or a password in an address", async () => {
    expect(await holdfast(["tasks", "--passphrase", "env:PASSWORD", "--verbose", "--json"])).not.toBe(0);
    const address = `http://u:${MARK.userinfo}@127.0.0.1:1`;
    for (const words of [
      ["source", "add", "new", "--url", address],
      ["source", "add", "new", "--url", `${address}/?key=${MARK.userinfo}`],
      ["source", "add", "new", "--url", "http://x", "--api-key", MARK.apiKey],
      ["tasks", "--passphrase", MARK.passphrase],
      ["tasks", "--identity", identity],
    ]) {
      for (const exit of await both(...words)) expect([words, exit]).toEqual([words, 2]);
    }
    const file = join(folder, "userinfo.yaml");
    await writeFile(file, `sources: { u: { kind: couchdb, url: "${address}" } }\n`);
    for (const exit of await both("config", "show", "--config", file)) expect(exit).not.toBe(0);
    for (const exit of await both("backup", "--config", file)) expect(exit).not.toBe(0);
    // A command line is quoted in what the test remembers, not in what the command says.
    for (const { text } of said.splice(0)) expectNoMark(text, "a refused command line");
  });

  it.each(FAILURES)(
    "of anything that meets a service which fails: %s",
    async (how) => {
      failure = how;
      for (const auth of ["basic", "session", "iam"]) {
        const source = `failing-${auth}`;
        for (const words of [
          ["source", "test", source],
          ["source", "discover", source],
          ["backup", source],
          ["backup", `${source}/kept`],
          ["restore", "basic/kept", "--all", "--to-source", source, "--yes"],
          ["compare", "basic/kept", "--to-source", source],
        ]) {
          const exits = await both(...words);
          if (words[0] !== "source") expect([words, exits]).not.toEqual([words, [0, 0]]);
        }
      }
      await both("doctor");
      await both("runs");
      await using workspace = await open();
      for (const auth of ["basic", "session", "iam"]) {
        const source = `failing-${auth}`;
        const target = { source };
        await remember(`backup ${how}`, async () =>
          collect(backup(workspace, { select: [`${source}/kept`] })),
        );
        await remember(`backup all ${how}`, async () => collect(backup(workspace, { select: [source] })));
        await remember(`discover ${how}`, async () => collect(discover(workspace, { source })));
        await remember(`test ${how}`, async () => testSource(workspace, { source }));
        await remember(`restore ${how}`, async () =>
          restore(workspace, { task: "basic/kept", scope: {}, target, apply: true }),
        );
        await remember(`compare ${how}`, async () => compare(workspace, { task: "basic/kept", target }));
      }
      await remember(`runs ${how}`, async () => collect(listRuns(workspace, {})));
      expectNothingSaid();
    },
    60_000,
  );

  it("of a refusal in which something on the way quotes the request's own headers", async () => {
    failure = "echo";
    await both("source", "discover", "failing-basic");
    expectNothingSaid();
  });

  it("of anything that finds no service at all", async () => {
    said.length = 0;
    await both("source", "test", "nowhere");
    await both("backup", "nowhere");
    expectNothingSaid();
  });

  it("to another host that a service redirects to", () => {
    for (const { headers, url } of astray) {
      expect(headers).not.toHaveProperty("authorization");
      expect(headers).not.toHaveProperty("cookie");
      expectNoMark(JSON.stringify({ headers, url }), "a redirected request");
    }
  });

  it("of the process itself", async () => {
    failure = "401";
    for (const words of [["backup", "failing-basic"], ["backup", "basic"], ["runs"], ["config", "show"]]) {
      for (const flags of [["--verbose"], ["--verbose", "--json"]]) {
        const child = spawn(process.execPath, [MAIN, ...words, ...flags], {
          cwd: folder,
          env: { ...env, HOME: folder, NODE_DEBUG: "" },
          stdio: ["ignore", "pipe", "pipe"],
        });
        for (const stream of [child.stdout, child.stderr]) {
          stream.on("data", (piece: Buffer) =>
            said.push({ by: `process ${words.join(" ")}`, text: piece.toString("latin1") }),
          );
        }
        const [exit] = (await once(child, "close")) as [number | null];
        if (words[1] === "failing-basic") expect(exit).not.toBe(0);
        else expect([words, exit]).toEqual([words, 0]);
      }
    }
    // Last, because a passphrase that costs what it should is tried by every later opening.
    expect(await holdfast(["key", "add", "--new-passphrase", "env:NEW", "--label", "more"])).toBe(0);
    expectNothingSaid();
  }, 60_000);
});

describe("no credential is stored", () => {
  it("in any manifest or run record, opened", async () => {
    await using workspace = await open();
    const { repository } = workspace;
    let records = 0;
    for await (const task of listTaskNames(repository)) {
      for await (const generation of generations(repository, task)) {
        said.push({
          by: `manifest ${task}`,
          text: JSON.stringify((await readManifest(repository, task, generation)).manifest),
        });
      }
      for await (const { run: id, ended } of listRunObjects(repository, task)) {
        if (!ended) continue;
        records += 1;
        said.push({ by: `run ${id}`, text: JSON.stringify(await readRunRecord(repository, task, id)) });
      }
    }
    expect(records).toBeGreaterThan(FAILURES.length);
    expectNothingSaid();
  });

  it("in any byte of the repository or of the configuration file", async () => {
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      const path = join(file.parentPath, file.name);
      if (path === join(folder, "identity") || path === join(folder, "userinfo.yaml")) continue;
      said.push({ by: path, text: (await readFile(path)).toString("latin1") });
    }
    expect(said.length).toBeGreaterThan(20);
    expectNothingSaid();
  });
});
