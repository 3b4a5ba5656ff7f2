import type { Command } from "commander";
import { defineCommand, type App } from "../command.ts";
import { positiveNumber } from "../numbers.ts";
import { printRoutes } from "../routes-text.ts";
import { configuredStandbys } from "../standbys.ts";

interface Options {
  readonly generation?: number;
}

export function standbyRoutesCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "routes <name>",
    summary: "show the routing table that the last run of a standby has published",
    details:
      "Asks the repository alone. A run publishes a new generation when applications would be sent elsewhere; for kinds whose service\n" +
      "copies. See failover for what is there now.",
    arguments: { name: "a configured standby" },
    examples: ["holdfast standby routes forms", "holdfast standby routes forms --generation 3 --json"],
    json: { form: "document", type: "RoutingTable" },
    options: (command) =>
      command.option("--generation <number>", "an earlier one (default: the newest)", positiveNumber),
    run: async (invocation, [name = ""], { generation }) => {
      const standbys = await configuredStandbys(invocation);
      await using workspace = await invocation.open("none");
      const table = await invocation.operations.publishedRoutes(
        workspace,
        { standbys, name, ...(generation === undefined ? {} : { generation }) },
        invocation.hooks,
      );
      if (invocation.out.json) return invocation.out.document(table);
      return printRoutes(table, invocation.out);
    },
  });
}
