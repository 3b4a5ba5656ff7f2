import type { Command } from "commander";
import type { ServeEvent } from "../../operations/reports.ts";
import type { ServeSettings } from "../../operations/serve.ts";
import { defineCommand, type App } from "../command.ts";
import { EXIT_INCOMPLETE } from "../exit-codes.ts";
import { countOf, durationText, timeText, visible } from "../format.ts";
import type { Invocation } from "../invocation.ts";
import type { Output } from "../output.ts";

interface Options {
  readonly testNotify?: boolean;
}

/** A start that is later than this is worth a word: jobs wait for each other, or the server was away. */
const LATE_MS = 600_000;

export function serveCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "serve",
    summary: "protect everything that is configured, by itself, until stopped",
    details:
      "Runs backups when their policies say, standbys when they are behind, and reads back a slice of the repository each day. What was missed\n" +
      "while it was away is done once. A job that fails is tried again, at last every six hours. The configuration's server section says how many\n" +
      "run at once, in which hours, and who is told of failures. One line for each end; `holdfast schedule` shows what comes next.",
    examples: ["holdfast serve", "holdfast serve --json"],
    json: { form: "lines", type: "ServeEvent" },
    options: (command) =>
      command.option("--test-notify", "only send a test to everybody who would be told of failures"),
    run: async (invocation, _words, { testNotify = false }) => {
      const { out } = invocation;
      const [{ serveSettings, serverFolder }, { openJobCatalog }] = await Promise.all([
        import("../../catalog/config/server-options.ts"),
        import("../../catalog/jobs/job-catalog.ts"),
      ]);
      const config = await invocation.config();
      const settings = await serveSettings(config, invocation.signal);
      if (testNotify) return test(invocation, settings);
      using memories = await openJobCatalog(serverFolder(config));
      await using workspace = await invocation.open("all");
      out.note("Ctrl-C stops it; what is under way is continued by the next start.");
      // Lines are written one after the other, also when two jobs end at once.
      let written: Promise<void> = Promise.resolve();
      let jobs: number | undefined;
      const tell = (event: ServeEvent): void => {
        // Due times are worked out again and again; a person hears of it when there is more or less to do than before.
        const isNews = event.event !== "planned" || event.jobs !== jobs;
        if (event.event === "planned") ({ jobs } = event);
        if (!out.json && !isNews) return;
        written = written.then(async () => (out.json ? out.document(event) : print(event, out)));
      };
      const { signal, warn } = invocation.hooks;
      await invocation.operations.serve(workspace, settings, memories, tell, { signal, warn });
      await written;
      return undefined;
    },
  });
}

async function test({ operations, clock, hooks, out }: Invocation, settings: ServeSettings): Promise<number> {
  const { told, problems } = await operations.testReceivers({ clock }, settings, hooks);
  for (const problem of problems) out.warn(problem);
  if (told + problems.length === 0) out.warn("Nobody would be told: server.notify names nobody.");
  else out.note(`${countOf(told, "receiver")} told.`);
  return told === 0 || problems.length > 0 ? EXIT_INCOMPLETE : 0;
}

async function print(event: ServeEvent, out: Output): Promise<void> {
  const text = textOf(event);
  if (text === undefined) return;
  await out.line(visible(`${timeText(event.at)}  ${text}`));
}

/** Undefined for what nobody waits for. */
function textOf(event: ServeEvent): string | undefined {
  const { job = "", next = null } = event;
  const then = next === null ? "" : `; next at ${timeText(next)}`;
  switch (event.event) {
    case "planned":
      return `${countOf(event.jobs ?? 0, "job")}${then}`;
    case "plan-failed":
      return `due times could not be worked out, the known ones stay: ${event.message ?? ""}`;
    case "began":
      return (event.lateMs ?? 0) > LATE_MS
        ? `${job} begins, ${durationText(event.lateMs ?? 0)} late`
        : undefined;
    case "ended": {
      const { durationMs = 0 } = event;
      if (event.ok === true) return `ok      ${job}: ${event.did ?? ""}, ${durationText(durationMs)}${then}`;
      const again = next === null ? "" : `; tried again at ${timeText(next)}`;
      return `FAILED  ${job}: ${event.error?.code ?? ""}: ${event.error?.message ?? ""}${again}`;
    }
  }
}
