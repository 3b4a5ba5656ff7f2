import type { Command } from "commander";
import { defineCommand, type App } from "../command.ts";
import { countText, sizeText } from "../format.ts";

export function sourceDiscoverCommand(app: App): Command {
  return defineCommand(app, {
    usage: "discover <name> [pattern...]",
    summary: "list what a source has now and could be protected",
    arguments: {
      name: "the source",
      pattern: "names to look for, * stands for any characters (default: what the configuration protects)",
    },
    examples: ["holdfast source discover prod", "holdfast source discover prod '*'"],
    json: { form: "lines", type: "Discovered" },
    run: async (invocation, [name = "", ...patterns]) => {
      await using connections = await invocation.connect([name]);
      const chosen = patterns.filter((pattern) => pattern !== undefined);
      const found = invocation.operations.discover(
        connections,
        chosen.length === 0 ? { source: name } : { source: name, patterns: chosen },
        invocation.hooks,
      );
      await invocation.out.list(
        found,
        [
          { title: "COLLECTION", value: (row) => row.collection },
          {
            title: "ITEMS",
            align: "right",
            value: (row) => (row.items === undefined ? "" : countText(row.items)),
          },
          {
            title: "SIZE",
            align: "right",
            value: (row) => (row.bytes === undefined ? "" : sizeText(row.bytes)),
          },
        ],
        `${name} has no collection of such a name.`,
      );
    },
  });
}
