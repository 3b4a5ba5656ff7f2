import type { Command } from "commander";
import { ERROR_CODES } from "../../model/error-codes.ts";
import type { CaptureVerifyRow } from "../../operations/reports.ts";
import { captureColumns } from "../capture-columns.ts";
import { defineCommand, type App } from "../command.ts";
import { visible } from "../format.ts";

export function captureVerifyCommand(app: App): Command {
  return defineCommand(app, {
    usage: "verify <source>",
    summary: "read every original back and compare it with the service's own figures",
    details:
      "Sound is compared exactly: codec, frequency, duration; what agrees counts as verified from then on. Of corpora only the number of\n" +
      "words is told, which the service counts in a way of its own: a difference is a hint. The exit status is 41 when an original is missing\n" +
      "or is not what the service has.",
    arguments: { source: "the configured source" },
    examples: ["holdfast capture verify prod-stt"],
    json: { form: "lines", type: "CaptureVerifyRow" },
    run: async (invocation, [source = ""]) => {
      await using workspace = await invocation.open("none");
      let bad = 0;
      const rows = async function* (): AsyncGenerator<CaptureVerifyRow> {
        for await (const row of invocation.operations.verifyCaptures(
          workspace,
          { source },
          invocation.hooks,
        )) {
          if (row.outcome === "missing" || row.outcome === "differs") bad += 1;
          yield row;
        }
      };
      await invocation.out.list(
        rows(),
        [
          { title: "OUTCOME", value: (row) => (row.outcome === "differs" ? "DIFFERS" : row.outcome) },
          ...captureColumns,
          { title: "LOOK", value: (row) => visible(row.hints.join("; ")) },
        ],
        "Nothing that was uploaded is listed.",
      );
      return bad > 0 ? ERROR_CODES["not-recoverable"].exit : 0;
    },
  });
}
