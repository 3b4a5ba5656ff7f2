import type { Command } from "commander";
import { previewThenApply, type ConsentOptions } from "../apply.ts";
import { defineCommand, type App } from "../command.ts";

export function undoCommand(app: App): Command {
  return defineCommand<ConsentOptions>(app, {
    usage: "undo <task> <restore>",
    summary: "take a restore in place back",
    details: "Items that were changed again after the restore are left alone and reported.",
    arguments: {
      task: "SOURCE/COLLECTION or backup-…",
      restore: "the restore's name, as its report gave it",
    },
    examples: ["holdfast undo prod/orders 5f0c9d… --dry-run"],
    json: { form: "document", type: "RestoreReport, or RestoreLine with --list-items" },
    options: (command) =>
      command
        .option("--dry-run", "preview only")
        .option("--yes", "do not ask")
        .option("--list-items", "list every item, not only examples"),
    run: async (invocation, [task = "", restore = ""], options) => {
      await using workspace = await invocation.openForTasks([task]);
      return previewThenApply(invocation, options, (apply, onItem) =>
        invocation.operations.undoRestore(workspace, { task, restore, apply, onItem }, invocation.hooks),
      );
    },
  });
}
