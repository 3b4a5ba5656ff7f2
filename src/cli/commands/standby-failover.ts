import { resolve } from "node:path";
import type { Command } from "commander";
import { defineCommand, type App } from "../command.ts";
import { isWell, printRoutes } from "../routes-text.ts";
import { EXIT_INCOMPLETE } from "../exit-codes.ts";
import { configuredStandbys, targetsOf } from "../standbys.ts";

interface Options {
  readonly out?: string;
  readonly at?: string;
}

export function standbyFailoverCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "failover <name>",
    summary: "find everything in the second instance, and write where applications find it",
    details:
      "Asks the second instance and the repository; the source may be gone. Nothing is changed: applications are pointed elsewhere by the\n" +
      "routing table that this writes. The exit status is 3 when something is missing there, or only an older state of it.",
    arguments: { name: "a configured standby" },
    examples: [
      "holdfast standby failover forms",
      "holdfast standby failover forms --out /etc/app/routing.json",
      "holdfast standby failover forms --at 2026-11-20 --json",
    ],
    json: { form: "document", type: "RoutingTable" },
    options: (command) =>
      command
        .option("--out <file>", "write the routing table to this file, as JSON, whole or not at all")
        .option("--at <time>", "what was there at this instant (default: latest)"),
    run: async (invocation, [name = ""], { out, at }) => {
      const standbys = await configuredStandbys(invocation);
      await using workspace = await invocation.open(targetsOf(standbys, [name]));
      const path = out === undefined ? undefined : resolve(invocation.io.cwd, out);
      const table = await invocation.operations.failover(
        workspace,
        {
          standbys,
          name,
          ...(at === undefined ? {} : { at }),
          ...(path === undefined ? {} : { out: path }),
        },
        invocation.hooks,
      );
      if (invocation.out.json) await invocation.out.document(table);
      else await printRoutes(table, invocation.out);
      if (path !== undefined) invocation.out.note(`The routing table is in ${path}.`);
      return isWell(table) ? 0 : EXIT_INCOMPLETE;
    },
  });
}
