/**
 * What the command line makes of originals, readiness, ids of restored objects, and the Watson stand-ins.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type {
  CaptureAddRow,
  CaptureRow,
  ReadinessRow,
  RestoreReport,
  RunReport,
} from "../../src/operations/reports.ts";
import { configured, emptyFolder, holdfast, jsonLines, yields } from "./harness.ts";

const READY: ReadinessRow = {
  task: "backup-1",
  source: "prod",
  collection: "language-models",
  instant: "2026-11-20T02:00:00Z",
  key: "models/claims [m1]",
  verdict: "complete",
  missing: [],
  estimateMs: 60_000,
};
const LOST: ReadinessRow = {
  ...READY,
  key: "models/old [m2]",
  verdict: "lost",
  missing: [{ key: "models/old [m2]/corpora/q1", what: "its original was never captured" }],
  estimateMs: null,
};
const RUN: RunReport = {
  run: "1",
  task: "backup-1",
  source: "prod",
  collection: "language-models",
  state: "committed",
  kind: "delta",
  level: "daily",
  startedAt: "2026-11-20T02:00:00Z",
  endedAt: "2026-11-20T02:00:01Z",
  instant: "2026-11-20T02:00:01Z",
  live: 1,
  deleted: 0,
  purged: 0,
  blobs: 0,
  bodyBytes: 1,
  storedBytes: 1,
  requests: 1,
  durationMs: 1_000,
  warnings: [],
};
const CAPTURE: CaptureRow = {
  source: "prod",
  collection: "language-models",
  model: "claims [m1]",
  resource: "corpora",
  name: "q2",
  evidence: "captured",
  sha256: "ab",
  bytes: 10,
};

async function nothing(): Promise<void> {
  // Nothing is held.
}

describe("readiness", () => {
  it("says loudly what is not recoverable and ends with a status of its own", async () => {
    const { exit, stdout } = await holdfast(["readiness"], configured({ readiness: yields(READY, LOST) }));
    expect(exit).toBe(41);
    expect(stdout).toMatch(/^prod\/language-models as of /);
    expect(stdout).toMatch(/recoverable +models\/claims \[m1\]/);
    expect(stdout).toMatch(/NOT RECOVERABLE +models\/old \[m2\]\n.*its original was never captured/);
  });

  it("ends well when everything could be rebuilt, and prints rows as JSON", async () => {
    const scene = configured({ readiness: yields(READY, { ...READY, verdict: "degraded" }) });
    const { exit, stdout } = await holdfast(["readiness", "prod", "--json"], scene);
    expect([exit, jsonLines(stdout).map(({ verdict }) => verdict)]).toEqual([0, ["complete", "degraded"]]);
  });

  it("is told below every run of a backup, loudly where something is missing", async () => {
    const { key, verdict, missing } = LOST;
    const counts = { complete: 3, degraded: 1, partial: 0, lost: 0 };
    const bad = { counts: { ...counts, lost: 1 }, notRecoverable: [{ key, verdict, missing }] };
    const rows = [
      { ...RUN, readiness: { counts, notRecoverable: [] } },
      { ...RUN, readiness: bad },
    ];
    const { exit, stdout } = await holdfast(["backup"], configured({ backup: yields(...rows) }));
    expect(exit).toBe(0);
    expect(stdout).toContain("4 objects recoverable, 1 with something unknown");
    expect(stdout).toMatch(/NOT RECOVERABLE: 1 object\n +models\/old \[m2\]\n.*never captured/);
    expect(stdout).toContain("holdfast readiness prod/language-models");
  });
});

describe("capture", () => {
  const REGISTERED: CaptureAddRow = {
    file: "/f/q2.txt",
    source: "prod",
    state: "registered",
    collection: "language-models",
    model: "claims [m1]",
    resource: "corpora",
    name: "q2",
    evidence: "claimed",
    hints: ["the service counted 4 words, the file has about 40"],
  };

  it("add takes one file with what it is, and says what does not fit with a status", async () => {
    const asked: unknown[] = [];
    const scene = configured({
      addCaptures: async function* (_workspace, request) {
        asked.push(request);
        yield REGISTERED;
        yield { ...REGISTERED, state: "refused", reason: "it is empty", evidence: null };
      },
    });
    const words = ["capture", "add", "prod", "--model", "claims", "--corpus", "q2", "q2.txt", "--dry-run"];
    const { exit, stdout, opened } = await holdfast(words, scene);
    const path = join(scene.cwd as string, "q2.txt");
    const file = { path, uploaded: "corpora", model: "claims", name: "q2" };
    expect(asked).toEqual([{ source: "prod", files: [file], folders: [], apply: false }]);
    expect(exit).toBe(3);
    expect(stdout).toContain("would be registered  /f/q2.txt as claims [m1]/corpora/q2, claimed");
    expect(stdout).toContain("look: the service counted 4 words");
    expect(stdout).toContain("does not fit  /f/q2.txt: it is empty");
    expect(opened[0]?.sources.every(({ options }) => options.auth.kind === "none")).toBe(true);
  });

  it("add takes folders where nothing says what a file is, and refuses what makes no sense", async () => {
    const asked: unknown[] = [];
    const scene = configured({
      addCaptures: async function* (_workspace, request) {
        asked.push(request);
        yield REGISTERED;
      },
    });
    const cwd = scene.cwd as string;
    mkdirSync(join(cwd, "originals"));
    writeFileSync(join(cwd, "file"), "x");
    expect((await holdfast(["capture", "add", "prod", "originals"], scene)).exit).toBe(0);
    expect(asked).toEqual([{ source: "prod", files: [], folders: [join(cwd, "originals")], apply: true }]);
    for (const words of [
      ["file"],
      ["nowhere"],
      ["--model", "m", "file"],
      ["--corpus", "c", "file"],
      ["--model", "m", "--speaker", "s", "file"],
      ["--model", "m", "--corpus", "c", "--audio", "a", "file"],
      ["--model", "m", "--corpus", "c", "file", "file"],
    ]) {
      expect([words, (await holdfast(["capture", "add", "prod", ...words], scene)).exit]).toEqual([words, 2]);
    }
  });

  it("list and verify say MISSING and end with a status where an original is missing", async () => {
    const missing = { ...CAPTURE, name: "q1", evidence: null, sha256: null, bytes: null };
    const listed = await holdfast(
      ["capture", "list", "prod"],
      configured({ listCaptures: yields(CAPTURE, missing) }),
    );
    expect(listed.exit).toBe(41);
    expect(listed.stdout).toMatch(/captured +claims \[m1\] +corpora\/q2/);
    expect(listed.stdout).toMatch(/MISSING +claims \[m1\] +corpora\/q1/);
    const whole = await holdfast(["capture", "list", "prod"], configured({ listCaptures: yields(CAPTURE) }));
    expect(whole.exit).toBe(0);
    const row = { ...CAPTURE, outcome: "differs", problem: "the service has 9 s", hints: [] } as const;
    const verified = await holdfast(
      ["capture", "verify", "prod"],
      configured({ verifyCaptures: yields(row) }),
    );
    expect([verified.exit, verified.stdout]).toEqual([41, expect.stringContaining("DIFFERS")]);
  });
});

describe("restore to a service that chooses ids", () => {
  const COUNTS = { create: 1, change: 0, delete: 0, same: 0, newer: 0, unstable: 0, failed: 0 };
  const REPORT: RestoreReport = {
    restore: null,
    task: "backup-1",
    instant: "2026-11-20T02:00:00Z",
    target: "lab/language-models",
    mode: "replica",
    applied: true,
    counts: COUNTS,
    samples: [],
    failures: [],
    ids: [
      { group: "model", kept: "old-1", target: "new-1" },
      { group: "model", kept: "same", target: "same" },
    ],
    durationMs: 1_000,
    undo: null,
  };

  it("prints which new id stands for which old one, and writes the file that is asked for", async () => {
    const asked: unknown[] = [];
    const scene = configured({
      restore: async (_workspace, request) => {
        asked.push(request.settings);
        return { ...REPORT, applied: request.apply };
      },
    });
    const words = ["restore", "prod/language-models", "--all", "--to-source", "lab", "--yes"];
    const settings = [
      "--setting",
      "train=true",
      "--setting",
      'baseModels={"a":"b"}',
      "--setting",
      "mode=plain",
    ];
    const { exit, stdout } = await holdfast([...words, ...settings, "--map-file", "ids.json"], scene);
    expect(exit).toBe(0);
    expect(asked).toEqual([{ train: true, baseModels: { a: "b" }, mode: "plain" }]);
    expect(stdout).toMatch(/New ids in lab\/language-models.*\n +model +old-1 +new-1\n/);
    expect(stdout).not.toContain("same  same");
    expect(JSON.parse(readFileSync(join(scene.cwd as string, "ids.json"), "utf8"))).toEqual(REPORT.ids);
  });

  it("writes no file in a preview, and says so when one cannot be written", async () => {
    const scene = configured({
      restore: async (_workspace, request) => ({ ...REPORT, applied: request.apply }),
    });
    const words = ["restore", "prod/language-models", "--all", "--to-source", "lab"];
    await holdfast([...words, "--dry-run", "--map-file", "ids.json"], scene);
    expect(existsSync(join(scene.cwd as string, "ids.json"))).toBe(false);
    const failed = await holdfast([...words, "--yes", "--map-file", "no/such/folder.json"], scene);
    expect([failed.exit, failed.stderr]).toEqual([25, expect.stringContaining("The restore is done")]);
    expect((await holdfast([...words, "--yes", "--setting", "train"], scene)).exit).toBe(2);
  });
});

describe("Watson sources and stand-ins", () => {
  it("source add enters a Watson source, and refuses what does not go with the kind", async () => {
    const cwd = emptyFolder();
    const add = (name: string, ...words: string[]) =>
      holdfast(["source", "add", name, "--url", "https://s.example/instances/1", ...words], { cwd });
    expect(
      (await add("stt", "--kind", "watson-stt", "--api-key", "env:K", "--collection", "jobs")).exit,
    ).toBe(0);
    const cp4d = [
      "--kind",
      "watson-tts",
      "--auth-url",
      "https://z",
      "--username",
      "u",
      "--password",
      "env:P",
    ];
    expect((await add("tts", ...cp4d, "--ca", "ca.pem")).exit).toBe(0);
    const { stdout } = await holdfast(["source", "list", "--json"], { cwd });
    expect(jsonLines(stdout)).toMatchObject([
      { name: "stt", kind: "watson-stt", auth: { type: "iam", apiKey: "env:K" }, collections: ["jobs"] },
      { name: "tts", kind: "watson-tts", auth: { type: "cp4d", authUrl: "https://z", username: "u" } },
    ]);
    expect(readFileSync(join(cwd, "holdfast.yaml"), "utf8")).toContain(`ca: ${join(cwd, "ca.pem")}`);
    expect((await add("x", "--kind", "watson-stt", "--database", "a")).exit).toBe(2);
    expect((await add("x", "--kind", "watson-stt", "--username", "u", "--password", "env:P")).exit).toBe(2);
    expect((await add("x", "--auth", "bearer", "--token", "env:T")).exit).toBe(2);
    expect((await add("x", "--collection", "jobs")).exit).toBe(2);
  });

  it("sandbox serves the service that is asked for and prints what reaches it", async () => {
    const stop = new AbortController();
    const asked: unknown[] = [];
    const scene = configured(
      {
        startWatsonSandbox: async (request) => {
          asked.push(request);
          stop.abort();
          return {
            url: "http://127.0.0.1:1/instances/g",
            apiKey: "k",
            tokenUrl: "http://127.0.0.1:1/identity/token",
            authUrl: "http://127.0.0.1:1/icp4d-api",
            close: nothing,
            [Symbol.asyncDispose]: nothing,
          };
        },
      },
      { signal: stop.signal },
    );
    const words = ["sandbox", "--service", "watson-stt", "--port", "9080"];
    const { exit, stdout } = await holdfast(words, scene);
    expect([exit, asked]).toEqual([0, [{ service: "watson-stt", port: 9080 }]]);
    expect(stdout).toContain("http://127.0.0.1:1/instances/g");
    expect(stdout).toContain("http://127.0.0.1:1/identity/token");
  });

  it("gateway says where each instance is served, and opens no source's secrets", async () => {
    const stop = new AbortController();
    const cwd = emptyFolder();
    writeFileSync(
      join(cwd, "holdfast.yaml"),
      `repository: { folder: /r, passphrase: env:P }
sources:
  stt: { kind: watson-stt, url: http://s, auth: { type: iam, apiKey: env:ABSENT } }
gateway: { listen: "0", spool: spool, instances: { /stt: stt } }
`,
    );
    let closed = false;
    const { exit, stdout, stderr } = await holdfast(["gateway"], {
      cwd,
      env: { P: "p" },
      signal: stop.signal,
      operations: {
        openGateway: async (_workspace, _settings, alarm) => {
          alarm({ kind: "upload-refused", at: 0, message: "An upload was refused." });
          stop.abort();
          const spool = { bytes: 0, maxBytes: 1, failing: false };
          const counts = {} as never;
          const instance = {
            source: "stt",
            kind: "watson-stt",
            prefix: "/stt",
            repository: "reachable",
          } as const;
          const instances = [{ ...instance, waiting: 2, waitingBytes: 10, counts }];
          return {
            url: "http://127.0.0.1:8787",
            health: () => ({ status: "ok" as const, spool, damaged: 0, instances }),
            flush: nothing,
            close: async () => {
              closed = true;
            },
            [Symbol.asyncDispose]: nothing,
          };
        },
      },
    });
    expect([exit, closed]).toEqual([0, true]);
    expect(stdout).toMatch(/stt +http:\/\/127\.0\.0\.1:8787\/stt/);
    expect(stderr).toContain("An upload was refused.");
    expect(stderr).toContain("2 uploads could not be committed and wait in");
  });
});
