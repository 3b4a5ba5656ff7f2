import { resolve } from "node:path";
import type { Command } from "commander";
import { defineCommand, type App } from "../command.ts";
import { positiveNumber } from "../numbers.ts";

interface Options {
  readonly folder?: string;
  readonly documents?: number;
}

export function demoCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "demo",
    summary: "show the whole work on made-up data: back up, damage, restore, prove",
    details: "Needs nothing but this machine, touches no configuration, and says what it does.",
    examples: ["holdfast demo", "holdfast demo --folder ./demo --documents 50000"],
    json: { form: "none", type: "text" },
    options: (command) =>
      command
        .option("--folder <folder>", "where to put the demo's repository")
        .option("--documents <count>", "how many documents to make", positiveNumber),
    run: async (invocation, _args, options) => {
      let written = Promise.resolve();
      const say = (text: string) => {
        written = written.then(() => invocation.out.line(text));
      };
      const request = {
        ...(options.folder === undefined ? {} : { folder: resolve(invocation.io.cwd, options.folder) }),
        ...(options.documents === undefined ? {} : { documents: options.documents }),
      };
      await invocation.operations.runDemo(request, { ...invocation.hooks, say });
      await written;
    },
  });
}
