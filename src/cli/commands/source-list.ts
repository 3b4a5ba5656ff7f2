import type { Command } from "commander";
import { defineCommand, type App } from "../command.ts";
import type { SourceRow } from "../source-row.ts";

export function sourceListCommand(app: App): Command {
  return defineCommand(app, {
    usage: "list",
    summary: "list the configured sources",
    examples: ["holdfast source list"],
    json: { form: "lines", type: "SourceRow" },
    run: async (invocation) => {
      const config = await invocation.config();
      const { sourceRow } = await import("../source-row.ts");
      const rows = [...config.sources].map(([name, entry]) => sourceRow(name, entry));
      await invocation.out.list<SourceRow>(
        rows,
        [
          { title: "SOURCE", value: (row) => row.name },
          { title: "KIND", value: (row) => row.kind },
          { title: "LOGIN", value: (row) => row.auth["type"] ?? "none" },
          { title: "PROTECTED", value: protectedText },
          { title: "URL", value: (row) => row.url },
        ],
        `No source is configured in ${config.location.path}: holdfast source add NAME --url URL adds one.`,
      );
    },
  });
}

function protectedText({ databases = [], collections = databases, exclude = [] }: SourceRow): string {
  const named = collections.join(", ");
  return exclude.length === 0 ? named : `${named} but not ${exclude.join(", ")}`;
}
