import type { Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import { defineCommand, type App } from "../command.ts";

interface Options {
  readonly source: string;
  readonly target: string;
  readonly allowDowngrade?: boolean;
}

export function standbyAddCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "add <name>",
    summary: "enter a standby into the configuration file",
    details:
      "Both instances are configured sources of one kind. The standby belongs to Holdfast: what it made there it also changes and deletes;\n" +
      "what others made there stays.",
    arguments: { name: "how the standby is called from now on" },
    examples: ["holdfast standby add stt --source prod-stt --target dr-stt"],
    json: { form: "document", type: "StandbySettings" },
    options: (command) =>
      command
        .requiredOption("--source <name>", "the source that is kept in step with")
        .requiredOption("--target <name>", "the source that is the second instance")
        .option(
          "--allow-downgrade",
          "form-recognizer: your explicit consent to copies that are encrypted less than their originals",
        ),
    run: async (invocation, [name = ""], { source, target, allowDowngrade }) => {
      const [{ loadConfigForEdit }, { editConfig }, { sourceEntry }] = await Promise.all([
        import("../../catalog/config/effective.ts"),
        import("../../catalog/config/edit.ts"),
        import("../../catalog/config/workspace-options.ts"),
      ]);
      const config = await loadConfigForEdit(invocation.inputs);
      const kinds = [source, target].map((one) => sourceEntry(config, one).kind);
      if (kinds[0] !== kinds[1]) {
        throw new HoldfastError(
          "usage",
          `${target} is of kind ${kinds[1]}, ${source} of kind ${kinds[0]}: a standby is of the same kind.`,
        );
      }
      if (config.document?.value.standbys?.[name] !== undefined) {
        throw new HoldfastError("usage", `A standby called "${name}" is already in ${config.location.path}.`);
      }
      if (allowDowngrade === true && kinds[0] !== "form-recognizer") {
        throw new HoldfastError("usage", `--allow-downgrade does not go with sources of kind ${kinds[0]}.`);
      }
      const entry = { source, target, ...(allowDowngrade === true ? { allowDowngrade } : {}) };
      await editConfig(config.location.path, config.document, [{ member: ["standbys", name], value: entry }]);
      if (invocation.out.json) return invocation.out.document({ name, ...entry });
      await invocation.out.line(`Entered standby ${name} into ${config.location.path}.`);
      invocation.out.note(`Next: holdfast standby run ${name} --dry-run`);
      return undefined;
    },
  });
}
