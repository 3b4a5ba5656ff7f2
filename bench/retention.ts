/**
 * What rollups cost: how fast deltas are merged and proven beside a plain scan of the same segments, and how many bytes are
 * written anew for each byte that runs store over years.
 *
 *     node bench/retention.ts                                           documents of 0.5 KB and of 20 KB
 *     node bench/retention.ts --items 50000 --body 2000 --deltas 12     one size
 *     node bench/retention.ts --rounds 3 --days 365
 *
 * Merging works in a folder below the system's place for temporary files, removed at the end, fsync included; a scan and a merge
 * take turns in each round, and medians are printed. Years are played through in memory, with real segments, and beside them
 * by sizes alone.
 */
import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { DEFAULT_POLICY, type Policy } from "../src/model/policy/policy.ts";
import { accountOf, amplification, type Life } from "./retention/life.ts";
import { liveThrough } from "./retention/real-timeline.ts";
import { measureThroughput, type Load } from "./retention/throughput.ts";

const { values } = parseArgs({
  options: {
    items: { type: "string" },
    body: { type: "string" },
    deltas: { type: "string", default: "8" },
    rounds: { type: "string", default: "1" },
    days: { type: "string", default: "1095" },
  },
});
const DELTAS = Number(values.deltas);
const ROUNDS = Number(values.rounds);
const DAYS = Number(values.days);

/** About 200 MB of bodies each, with eight deltas. */
const SMALL: Load = { items: 200_000, bodyBytes: 500, deltas: DELTAS };
const LARGE: Load = { items: 5_000, bodyBytes: 20_000, deltas: DELTAS };
/** Few items, so that three years take minutes: a delta is 50 documents. */
const LIFE: Life = { items: 5_000, dailyShare: 0.01, hotShare: 0, grows: false, days: DAYS };
const LIFE_BODY_BYTES = 500;
/** Bytes written anew for each byte of a delta. */
const GOAL = 3;

function loads(): Load[] {
  if (values.items === undefined && values.body === undefined) return [SMALL, LARGE];
  const items = Number(values.items ?? SMALL.items);
  return [{ items, bodyBytes: Number(values.body ?? SMALL.bodyBytes), deltas: DELTAS }];
}

function row(...cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

function head(...names: readonly string[]): void {
  console.log();
  row(...names);
  console.log(`|${"---|".repeat(names.length)}`);
}

const gigabytesPerMinute = (bytes: number, seconds: number): string =>
  ((bytes / 1e9 / seconds) * 60).toFixed(2);
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

async function printThroughput(): Promise<void> {
  head(
    "merging",
    "bodies MB",
    "files MB",
    "scan GB/min",
    "merge GB/min",
    "merge with proof GB/min",
    "scan s",
    "merge s",
    "proof s",
    "with proof / scan, time",
  );
  for (const load of loads()) {
    const { inputBodyBytes, inputBytes, scanS, mergeS, proofS, versions } = await measureThroughput(
      load,
      ROUNDS,
    );
    row(
      `${versions.toLocaleString("en")} versions of ${load.bodyBytes} bytes in ${DELTAS} deltas`,
      megabytes(inputBodyBytes),
      megabytes(inputBytes),
      gigabytesPerMinute(inputBodyBytes, scanS),
      gigabytesPerMinute(inputBodyBytes, mergeS - proofS),
      gigabytesPerMinute(inputBodyBytes, mergeS),
      scanS.toFixed(2),
      (mergeS - proofS).toFixed(2),
      proofS.toFixed(2),
      (mergeS / scanS).toFixed(2),
    );
  }
}

async function printAmplification(): Promise<void> {
  const lazy: Policy = { ...DEFAULT_POLICY, rollupMode: "lazy" };
  const policies: readonly (readonly [string, Policy])[] = [
    ["eager", DEFAULT_POLICY],
    ["lazy", lazy],
  ];
  const lives: readonly (readonly [string, Life])[] = [
    ["1 % of the items a day", LIFE],
    ["1 %, nine of ten in a hot twentieth", { ...LIFE, hotShare: 0.9 }],
  ];
  head(
    `${DAYS} daily runs`,
    "stored by runs MB",
    "written anew MB",
    "for each byte of a delta",
    "by sizes alone",
    "goal",
    "most groups",
    "entries",
    "s",
  );
  for (const [policyName, policy] of policies) {
    for (const [lifeName, life] of lives) {
      const start = performance.now();
      const account = await liveThrough(life, policy, LIFE_BODY_BYTES);
      const { baselineBytes, deltaBytes, rewrittenBytes, mostGroups, entries } = account;
      row(
        `${policyName}: ${lifeName}`,
        megabytes(baselineBytes + deltaBytes),
        megabytes(rewrittenBytes),
        amplification(account).ofDeltas.toFixed(2),
        amplification(accountOf(life, policy)).ofDeltas.toFixed(2),
        `≤ ${GOAL}`,
        String(mostGroups),
        String(entries),
        ((performance.now() - start) / 1_000).toFixed(0),
      );
    }
  }
}

console.log(
  `${ROUNDS} round(s) after one to warm up, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}`,
);
await printThroughput();
await printAmplification();
