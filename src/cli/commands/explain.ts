import type { Command } from "commander";
import { nearest } from "../../catalog/config/suggest.ts";
import { ERROR_CODES, isErrorCode, type ErrorCode, type ErrorCodeEntry } from "../../model/error-codes.ts";
import { HoldfastError } from "../../model/errors.ts";
import { defineCommand, type App } from "../command.ts";
import { labelled } from "../error-text.ts";
import type { Explanation } from "../json-types.ts";

const CLASS_TEXTS: Readonly<Record<ErrorCodeEntry["class"], string>> = {
  retryable: "yes, the same call may succeed later",
  permanent: "no, not before something is changed",
  fatal: "no, everything was stopped",
};

export function explainCommand(app: App): Command {
  return defineCommand(app, {
    usage: "explain [code]",
    summary: "say what an error code means, what was lost, and what to do",
    arguments: { code: "the code (default: list all)" },
    examples: ["holdfast explain wrong-key", "holdfast explain"],
    json: { form: "document", type: "Explanation, or lines of them without a code" },
    run: async ({ out }, [code]) => {
      if (code === undefined) {
        const rows: Explanation[] = (Object.keys(ERROR_CODES) as ErrorCode[]).map((name) => ({
          code: name,
          ...ERROR_CODES[name],
        }));
        return out.list<Explanation>(
          rows,
          [
            { title: "CODE", value: (row) => row.code },
            { title: "EXIT", align: "right", value: (row) => String(row.exit) },
            { title: "MEANING", value: (row) => row.meaning },
          ],
          "",
        );
      }
      if (!isErrorCode(code)) {
        const near = nearest(code, Object.keys(ERROR_CODES));
        throw new HoldfastError(
          "usage",
          `There is no error code "${code}"${near === undefined ? "" : `; did you mean ${near}?`} holdfast explain lists all.`,
        );
      }
      const entry: ErrorCodeEntry = ERROR_CODES[code];
      if (out.json) return out.document({ code, ...entry } satisfies Explanation);
      await out.line(out.paint("bold", code));
      const lines = [
        ...labelled("meaning", entry.meaning, out.paint, out.width),
        ...labelled("lost", entry.lost, out.paint, out.width),
        ...labelled("next", entry.next, out.paint, out.width),
        ...labelled("retry", CLASS_TEXTS[entry.class], out.paint, out.width),
        ...labelled("exit", String(entry.exit), out.paint, out.width),
      ];
      return out.lines(lines);
    },
  });
}
