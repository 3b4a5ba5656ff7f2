/**
 * Holdfast's sides, run as a process of its own: `holdfast.ts init|backup|restore|log|restore-one FOLDER DATABASE [TARGET|ID]`.
 */
import type * as Holdfast from "../../src/index.ts";
import { serverOf } from "./database.ts";

/** The published form: what `npm run build` makes. */
const { backup, initRepositoryAt, itemLog, openWorkspace, restore } = (await import(
  new URL("../../dist/index.js", import.meta.url).href
)) as typeof Holdfast;

const PASSPHRASE = "bench";
const [verb, folder, database, argument] = process.argv.slice(2) as [
  string,
  string,
  string,
  string | undefined,
];

if (verb === "init") await initRepositoryAt({ folder }, { passphrase: PASSPHRASE });
else {
  const { url, username, password } = serverOf(process.env["BENCH_SERVER"] as string);
  const auth = { kind: "basic", username, password } as const;
  await using workspace = await openWorkspace({
    repository: { folder },
    credential: { kind: "passphrase", passphrase: PASSPHRASE },
    sources: [
      { name: "bench", collections: [database], exclude: [], options: { kind: "couchdb", url, auth } },
    ],
  });
  const started = performance.now();
  const task = `bench/${database}`;
  let figures: Record<string, number> = {};
  switch (verb) {
    case "backup":
      for await (const run of backup(workspace, { select: [task] })) {
        if (run.state !== "committed") throw new Error(`${run.state}: ${run.error?.message}`);
        figures = {
          versions: run.live + run.deleted,
          storedBytes: run.storedBytes,
          bodyBytes: run.bodyBytes,
          requests: run.requests,
        };
      }
      break;
    case "restore": {
      const report = await restore(workspace, {
        task,
        scope: {},
        target: { collection: argument as string },
        apply: true,
      });
      if (report.failures.length > 0) throw new Error(JSON.stringify(report.failures[0]));
      figures = { created: report.counts.create };
      break;
    }
    case "log": {
      let versions = 0;
      for await (const _row of itemLog(workspace, { task, item: argument as string })) versions += 1;
      figures = { versions };
      break;
    }
    case "restore-one": {
      const scope = { items: [argument as string] };
      const report = await restore(workspace, {
        task,
        at: "latest~1",
        scope,
        target: { inPlace: true },
        apply: true,
      });
      figures = { changed: report.counts.change };
      break;
    }
    default:
      throw new Error(`No side is called ${verb}`);
  }
  console.log(JSON.stringify({ seconds: (performance.now() - started) / 1_000, ...figures }));
}
