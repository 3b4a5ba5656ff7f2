import { once } from "node:events";
import { resolve } from "node:path";
import type { Command } from "commander";
import { defineCommand, type App } from "../command.ts";
import type { SandboxDocument } from "../json-types.ts";
import { portNumber } from "../numbers.ts";

interface Options {
  readonly folder?: string;
  readonly port?: number;
}

export function sandboxCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "sandbox",
    summary: "serve a stand-in of CouchDB for trials and rehearsals, until stopped",
    details:
      "It speaks the service's protocol from a small store of its own. It is for trying things out, not for production data.",
    examples: ["holdfast sandbox", "holdfast sandbox --folder ./sandbox --port 5984"],
    json: { form: "document", type: "SandboxDocument" },
    options: (command) =>
      command
        .option("--folder <folder>", "keep its data here (default: in memory)")
        .option("--port <number>", "listen here (default: any free port)", portNumber),
    run: async (invocation, _args, options) => {
      const couchdb = {
        ...(options.folder === undefined ? {} : { folder: resolve(invocation.io.cwd, options.folder) }),
        ...(options.port === undefined ? {} : { port: options.port }),
      };
      const sandbox = await invocation.operations.startSandbox({ couchdb });
      try {
        const { url, user } = sandbox;
        if (invocation.out.json)
          await invocation.out.document({ couchdb: { url, user } } satisfies SandboxDocument);
        else {
          await invocation.out.facts([
            ["CouchDB stand-in", url],
            ["user, password", `${user.name}, ${user.password} (only this machine reaches it)`],
          ]);
        }
        invocation.out.note("Ctrl-C stops it.");
        if (!invocation.signal.aborted) await once(invocation.signal, "abort");
      } finally {
        await sandbox.close();
      }
    },
  });
}
