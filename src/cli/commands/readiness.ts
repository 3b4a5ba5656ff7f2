import type { Command } from "commander";
import { ERROR_CODES } from "../../model/error-codes.ts";
import { isRecoverable } from "../../model/verdict.ts";
import { defineCommand, type App } from "../command.ts";
import { timeText, visible } from "../format.ts";
import { readinessLines } from "../readiness-text.ts";
import { configuredStandbys } from "../standbys.ts";

interface Options {
  readonly at?: string;
}

export function readinessCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "readiness [select]",
    summary: "say for every model and job whether it could be rebuilt, and what is missing",
    details:
      "Works from the repository alone, for sources whose services never give back what was uploaded to them. The exit status is 41\n" +
      "when something could not be rebuilt.",
    arguments: { select: "SOURCE or SOURCE/COLLECTION (default: everything that is kept)" },
    examples: [
      "holdfast readiness",
      "holdfast readiness prod-stt/language-models --json",
      "holdfast readiness prod-tts --at 2026-11-20",
    ],
    json: { form: "lines", type: "ReadinessRow" },
    options: (command) =>
      command.option("--at <time>", "the instant: a time, a date, latest or '2h ago' (default: latest)"),
    run: async (invocation, [select], { at }) => {
      const { out } = invocation;
      await using workspace = await invocation.open("none");
      const request = {
        standbys: await configuredStandbys(invocation),
        ...(select === undefined ? {} : { select }),
        ...(at === undefined ? {} : { at }),
      };
      let task: string | undefined;
      let bad = 0;
      for await (const row of invocation.operations.readiness(workspace, request, invocation.hooks)) {
        if (!isRecoverable(row.verdict)) bad += 1;
        if (out.json) {
          await out.document(row);
          continue;
        }
        if (task !== row.task) {
          const name = visible(`${row.source}/${row.collection}`);
          await out.line(`${out.paint("bold", name)} as of ${timeText(row.instant)}`);
          task = row.task;
        }
        await out.lines(readinessLines(row, out).map((line) => `  ${line}`));
      }
      if (task === undefined && !out.json) out.note("There is nothing to judge.");
      return bad > 0 ? ERROR_CODES["not-recoverable"].exit : 0;
    },
  });
}
