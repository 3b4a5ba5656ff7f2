import type { Command } from "commander";
import { ERROR_CODES } from "../../model/error-codes.ts";
import { captureColumns } from "../capture-columns.ts";
import { defineCommand, type App } from "../command.ts";
import type { CaptureRow } from "../../operations/reports.ts";

export function captureListCommand(app: App): Command {
  return defineCommand<{ readonly missing?: boolean }>(app, {
    usage: "list <source>",
    summary: "list every uploaded resource with its original, or MISSING",
    details:
      "Captured: it passed through the gateway. Verified: registered from a file, and the service's own figures prove it. Claimed: registered,\n" +
      "not proven. The exit status is 41 when an original is missing.",
    arguments: { source: "the configured source" },
    examples: ["holdfast capture list prod-stt", "holdfast capture list prod-stt --missing --json"],
    json: { form: "lines", type: "CaptureRow" },
    options: (command) => command.option("--missing", "only what has no original"),
    run: async (invocation, [source = ""], { missing = false }) => {
      await using workspace = await invocation.open("none");
      let without = 0;
      const rows = async function* (): AsyncGenerator<CaptureRow> {
        const request = { source, missing };
        for await (const row of invocation.operations.listCaptures(workspace, request, invocation.hooks)) {
          if (row.evidence === null) without += 1;
          yield row;
        }
      };
      const none = missing ? "Every original is kept." : "Nothing that was uploaded is listed.";
      await invocation.out.list(rows(), captureColumns, none);
      return without > 0 ? ERROR_CODES["not-recoverable"].exit : 0;
    },
  });
}
