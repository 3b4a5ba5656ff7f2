import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import { previewThenApply, type ConsentOptions } from "../apply.ts";
import { defineCommand, type App } from "../command.ts";
import { writeMapFile } from "../map-file.ts";
import { gatherSetting, type Setting } from "../restore-settings.ts";
import { configuredStandby } from "../standbys.ts";
import { addScopeOptions, chosenScope, type ScopeOptions } from "../scope-options.ts";

interface Options extends ScopeOptions, ConsentOptions {
  readonly at?: string;
  readonly to?: string;
  readonly toSource?: string;
  readonly inPlace?: boolean;
  readonly mode?: "replica" | "content" | "exact";
  readonly merge?: boolean;
  readonly deleteNewer?: boolean;
  readonly replicationStopped?: boolean;
  readonly setting?: readonly Setting[];
  readonly mapFile?: string;
  readonly retrain?: boolean;
  readonly fromStandby?: string;
}

export function restoreCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "restore <task>",
    summary: "put items back as they were at an instant: preview, then act",
    details:
      "Into a new collection unless told otherwise. Shows what would be created, changed, deleted and left alone, and asks before it\n" +
      "writes; without a terminal --yes must be given. Repeating a restore writes only what is missing. A restore in place can be\n" +
      "taken back with holdfast undo.",
    arguments: { task: "SOURCE/COLLECTION or backup-…" },
    examples: [
      "holdfast restore prod/orders --all --to orders-check",
      "holdfast restore prod/orders --id order:1017 --at '2h ago' --in-place",
      "holdfast restore prod/orders --prefix invoice: --at 2026-11-20 --in-place --dry-run",
      "holdfast restore prod/orders --all --to-source lab --yes",
      "holdfast restore forms/resource --prefix models/ --in-place --from-standby dr --retrain",
      "holdfast restore prod-stt/language-models --all --to-source dr-stt --setting train=true --map-file ids.json",
    ],
    json: { form: "document", type: "RestoreReport, or RestoreLine with --list-items" },
    options: (command) =>
      addScopeOptions(
        command.option(
          "--at <time>",
          "the instant: a time, a date, latest, latest~2 or '2h ago' (default: latest)",
        ),
      )
        .option("--to <collection>", "into this collection (default: a new one)")
        .option("--to-source <name>", "at this source (default: the task's own)")
        .option("--in-place", "into the very collection that was kept")
        .addOption(
          new Option(
            "--mode <mode>",
            "replica: same revisions; content: new edits on top; exact: purge and rewrite",
          ).choices(["replica", "content", "exact"]),
        )
        .option("--merge", "allow a target that already holds data")
        .option("--delete-newer", "in place: delete what exists now and did not at the instant")
        .option("--replication-stopped", "for exact: everything that replicates from the target was stopped")
        .addOption(
          new Option("--setting <name=value>", "a switch of the source's kind, its value as JSON").argParser(
            gatherSetting,
          ),
        )
        .option("--map-file <file>", "write which new id stands for which old one, as JSON, once it is done")
        .option("--retrain", "form-recognizer: build again, from kept training data, what cannot be copied")
        .option("--from-standby <name>", "form-recognizer: models may be copied from this standby")
        .option("--dry-run", "preview only")
        .option("--yes", "do not ask")
        .option("--list-items", "list every item, not only examples"),
    run: async (invocation, [task = ""], options) => {
      if (options.inPlace && (options.to !== undefined || options.toSource !== undefined)) {
        throw new HoldfastError(
          "usage",
          "--in-place goes to the collection that was kept: leave --to and --to-source out.",
        );
      }
      const scope = await chosenScope(options, invocation.io.cwd);
      const fromStandby =
        options.fromStandby === undefined
          ? undefined
          : await configuredStandby(invocation, options.fromStandby);
      const others = [options.toSource, fromStandby?.target].filter((name) => name !== undefined);
      await using workspace = await invocation.openForTasks([task], others);
      const settings = settingsOf(options);
      const request = {
        task,
        scope,
        target: {
          ...(options.to === undefined ? {} : { collection: options.to }),
          ...(options.toSource === undefined ? {} : { source: options.toSource }),
          ...(options.inPlace ? { inPlace: true } : {}),
        },
        ...(options.mode === undefined ? {} : { mode: options.mode }),
        merge: options.merge ?? false,
        newerItems: options.deleteNewer ? ("delete" as const) : ("keep" as const),
        replicationStopped: options.replicationStopped ?? false,
        ...(settings === undefined ? {} : { settings }),
        ...(fromStandby === undefined ? {} : { fromStandby }),
      };
      return previewThenApply(invocation, options, async (apply, onItem, instant = options.at) => {
        const report = await invocation.operations.restore(
          workspace,
          { ...request, ...(instant === undefined ? {} : { at: instant }), apply, onItem },
          invocation.hooks,
        );
        if (apply && options.mapFile !== undefined) {
          await writeMapFile(resolve(invocation.io.cwd, options.mapFile), report);
        }
        return report;
      });
    },
  });
}

/** Undefined when none is given. Errors: `usage`. */
function settingsOf({ setting, retrain }: Options): Record<string, unknown> | undefined {
  if (retrain === undefined) return setting && Object.fromEntries(setting);
  const named = Object.fromEntries(setting ?? []);
  if ("retrain" in named) throw new HoldfastError("usage", "retrain is set twice: leave --setting out.");
  return { ...named, retrain };
}
