import { describe, expect, it } from "vitest";
import { keepCounts } from "../../src/cli/commands/retention-preview.ts";
import type { HoldRow, RetentionPreview, RetentionRow, TrashRow } from "../../src/operations/reports.ts";
import { configured, holdfast, jsonLines } from "./harness.ts";

const PLACE = { task: "backup-1", source: "prod", collection: "orders" };
const INTO = { level: "weekly", bucket: "2026-W47" } as const;
const ROW: RetentionRow = {
  instant: "2026-11-20T02:00:00Z",
  level: "daily",
  epoch: 1,
  rule: "daily 1 of 7",
  until: { kind: "at", time: "2026-11-27T02:00:00.000Z", into: INTO },
};
const BASELINE: RetentionRow = {
  ...ROW,
  instant: "2026-11-01T02:00:00Z",
  level: "baseline",
  rule: "baseline",
  until: { kind: "never", time: null, into: null },
};
const DROP = { instant: "2026-11-18T02:00:00Z", level: "weekly", into: INTO, rule: "keep" } as const;
const PREVIEW: RetentionPreview = {
  ...PLACE,
  at: "2026-11-21T12:00:00.000Z",
  policy: [
    { name: "every", value: 86_400_000, origin: "default" },
    { name: "keep.daily", value: 7, origin: "holdfast.yaml: policy" },
    { name: "keep.yearly", value: null, origin: "default" },
    { name: "cleanupAfter", value: null, origin: "default" },
    { name: "anomaly.enabled", value: true, origin: "default" },
  ],
  instants: [ROW, BASELINE],
  due: [],
  next: { run: "2026-11-22T02:00:00.000Z", drops: [DROP] },
};

describe("retention preview", () => {
  it("shows the numbers with their origin, each instant's rule, end and fate, and what the next rollup gives up", async () => {
    const asked: unknown[] = [];
    const { exit, stdout } = await holdfast(
      ["retention", "preview", "prod/orders"],
      configured({
        previewRetention: async (_workspace, request) => {
          asked.push(request);
          return PREVIEW;
        },
      }),
    );
    expect(exit).toBe(0);
    expect(asked).toEqual([{ task: "prod/orders" }]);
    expect(stdout.split("\n")).toEqual([
      "prod/orders",
      "every         1d (default)",
      "keep.daily    7 (holdfast.yaml: policy)",
      "keep.yearly   unlimited (default)",
      "cleanupAfter  never (default)",
      "",
      "INSTANT               KEPT BY       UNTIL                 THEN",
      "2026-11-20T02:00:00Z  daily 1 of 7  2026-11-27T02:00:00Z  merged into weekly 2026-W47",
      "2026-11-01T02:00:00Z  baseline      for ever",
      "",
      "The rollup after the next run (2026-11-22T02:00:00Z) gives up 2026-11-18T02:00:00Z (into weekly 2026-W47).",
      "",
    ]);
  });

  it("asks what other values would change, and shows the difference", async () => {
    const asked: unknown[] = [];
    const version = {
      key: "a",
      kind: "live",
      revision: "3-c",
      seen: ROW.instant,
      bytes: 1,
      parts: 1,
      blobs: 0,
      sequence: "",
    } as const;
    const kept = {
      ...version,
      instant: ROW.instant,
      keptAt: ROW.instant,
      level: "daily",
      epoch: 1,
      rule: ROW.rule,
      until: ROW.until,
    } as const;
    const after = { kind: "after", time: "2027-01-01T02:00:00.000Z", into: null } as const;
    const change = { instant: ROW.instant, change: "dropped", before: ROW.until, after } as const;
    const whatIf = {
      policy: [{ name: "keep.daily", value: 2, origin: "what if" }],
      instants: [ROW],
      due: [DROP],
      next: PREVIEW.next,
      changes: [change],
    };
    const scene = configured({
      previewRetention: async (_workspace, request) => {
        asked.push(request);
        return { ...PREVIEW, versions: [kept], whatIf };
      },
    });
    const words = [
      "--item",
      "a",
      "--keep",
      "daily=2,yearly=unlimited",
      "--every",
      "6h",
      "--cleanup-after",
      "never",
    ];
    const { stdout } = await holdfast(["retention", "preview", "prod/orders", ...words], scene);
    const settings = { every: 21_600_000, keep: { daily: 2, yearly: null }, cleanupAfter: null };
    expect(asked).toEqual([{ task: "prod/orders", item: "a", whatIf: settings }]);
    expect(stdout).toContain("Versions of a\nSEEN");
    expect(stdout).toContain("With keep.daily 2\n");
    expect(stdout).toMatch(
      /2026-11-20T02:00:00Z {2}dropped at once {2}2026-11-27T02:00:00Z {2}after 2027-01-01T02:00:00Z/,
    );
    expect(stdout).toContain("A rollup now gives up 2026-11-18T02:00:00Z (into weekly 2026-W47).");
    const json = await holdfast(["retention", "preview", "prod/orders", "--json"], scene);
    expect(jsonLines(json.stdout)).toMatchObject([{ whatIf: { changes: [change] } }]);
  });

  it("says that a frozen task is foretold as if it were acknowledged", async () => {
    const frozen = { since: "2026-11-20T02:00:05.000Z", run: "r", lastGood: null };
    const { stderr } = await holdfast(
      ["retention", "preview", "prod/orders"],
      configured({ previewRetention: async () => ({ ...PREVIEW, frozen }) }),
    );
    expect(stderr).toContain("frozen since 2026-11-20T02:00:05Z");
  });

  it.each([
    [["--keep", "daily=0"], '"daily=0" is no number to keep'],
    [["--keep", "hourly=3"], "one of intraday, daily, weekly, monthly, yearly"],
    [["--every", "1y"], "every: a duration is written like"],
    [["--every", "1m"], "the shortest time between runs is 5m"],
    [["--rollup-mode", "never"], "eager, lazy"],
  ])("refuses %j", async (words, message) => {
    const { exit, stderr } = await holdfast(["retention", "preview", "t", ...words], configured({}));
    expect(exit).toBe(2);
    expect(stderr.replaceAll(/\s+/g, " ")).toContain(message);
  });

  it("reads numbers as they are written", () => {
    expect(keepCounts("daily=14, weekly=8,yearly=unlimited")).toEqual({
      daily: 14,
      weekly: 8,
      yearly: "unlimited",
    });
  });
});

const HOLD: HoldRow = {
  ...PLACE,
  hold: "3f9a",
  kind: "prefix",
  instant: null,
  key: "invoice:",
  reason: "audit",
  since: "2026-11-21T12:00:00.000Z",
};

describe("hold", () => {
  it("adds, with a reason, and says what it would hold in a dry run", async () => {
    const asked: unknown[] = [];
    const scene = configured({
      addHold: async (_workspace, request) => {
        asked.push(request);
        return HOLD;
      },
    });
    const words = ["hold", "add", "prod/orders", "--prefix", "invoice:", "--reason", "audit"];
    expect((await holdfast(words, scene)).stdout).toBe("Held all items invoice:* of prod/orders: 3f9a\n");
    expect((await holdfast([...words, "--dry-run"], scene)).stdout).toBe(
      "Would hold all items invoice:* of prod/orders.\n",
    );
    const common = { task: "prod/orders", prefix: "invoice:", reason: "audit" };
    expect(asked).toEqual([
      { ...common, dryRun: false },
      { ...common, dryRun: true },
    ]);
    expect((await holdfast(words.slice(0, -2), scene)).exit).toBe(2);
  });

  it("lists what is held, and says where a key is sealed", async () => {
    const sealed: HoldRow = { ...HOLD, kind: "item", key: null };
    const instant: HoldRow = { ...HOLD, kind: "instant", key: null, instant: ROW.instant };
    const scene = configured({
      listHolds: async function* () {
        yield* [HOLD, sealed, instant];
      },
    });
    const { stdout } = await holdfast(["hold", "list"], scene);
    expect(stdout).toContain("all items invoice:*");
    expect(stdout).toContain("the item (sealed)");
    expect(stdout).toContain("the instant 2026-11-20T02:00:00Z");
    expect(jsonLines((await holdfast(["hold", "list", "--json"], scene)).stdout)).toEqual([
      HOLD,
      sealed,
      instant,
    ]);
  });

  it("releases", async () => {
    const asked: unknown[] = [];
    const scene = configured({
      releaseHold: async (_workspace, request) => {
        asked.push(request);
        return HOLD;
      },
    });
    const { stdout } = await holdfast(["hold", "release", "prod/orders", "3f"], scene);
    expect(stdout).toBe("Released all items invoice:* of prod/orders, held since 2026-11-21T12:00:00Z.\n");
    expect(asked).toEqual([{ task: "prod/orders", hold: "3f", dryRun: false }]);
    const dry = await holdfast(["hold", "release", "prod/orders", "3f", "--dry-run"], scene);
    expect(dry.stdout).toContain("Would release");
  });
});

describe("trash", () => {
  it("lists what can be brought back and until when", async () => {
    const row: TrashRow = {
      ...PLACE,
      instant: ROW.instant,
      epoch: 1,
      level: "weekly",
      retiredAt: "2026-11-21T02:00:01.000Z",
      until: "2026-11-22T02:00:01.000Z",
      bytes: 2_048,
    };
    const scene = configured({
      listTrash: async function* () {
        yield* [row, { ...row, until: null }];
      },
    });
    const { stdout } = await holdfast(["trash", "list"], scene);
    expect(stdout).toContain("2026-11-22T02:00:01Z");
    expect(stdout).toContain("for ever");
    expect(jsonLines((await holdfast(["trash", "list", "--json"], scene)).stdout)[0]).toEqual(row);
  });

  it("brings an instant back, or only says that it could", async () => {
    const asked: unknown[] = [];
    const scene = configured({
      restoreFromTrash: async (_workspace, request) => {
        asked.push(request);
        return {
          ...PLACE,
          instant: ROW.instant,
          applied: request.dryRun !== true,
          hold: request.dryRun === true ? null : "3f9a",
        };
      },
    });
    const words = ["trash", "restore", "prod/orders", ROW.instant, "--reason", "case 4711"];
    expect((await holdfast(words, scene)).stdout).toBe(
      "2026-11-20T02:00:00Z is part of prod/orders again, held as 3f9a.\n",
    );
    expect((await holdfast([...words, "--dry-run"], scene)).stdout).toBe(
      "2026-11-20T02:00:00Z of prod/orders can be brought back.\n",
    );
    expect(asked[0]).toEqual({ task: "prod/orders", at: ROW.instant, reason: "case 4711", dryRun: false });
  });
});

describe("an answer about the past", () => {
  it("says how exact it is: on stderr for people, as a line of JSON for programs", async () => {
    const scene = configured({
      // eslint-disable-next-line require-yield
      listItems: async function* (_workspace, _request, hooks) {
        hooks?.note?.("As of X, exact to the week.");
      },
    });
    const words = ["ls", "prod/orders", "--at", "2026-11-18"];
    expect((await holdfast(words, scene)).stderr).toContain("As of X, exact to the week.");
    const json = await holdfast([...words, "--json"], scene);
    expect(jsonLines(json.stderr)).toEqual([{ note: { message: "As of X, exact to the week." } }]);
    expect(json.stdout).toBe("");
  });
});
