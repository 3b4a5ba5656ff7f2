import type { Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import { defineCommand, type App } from "../command.ts";

export function sourceRemoveCommand(app: App): Command {
  return defineCommand(app, {
    usage: "remove <name>",
    summary: "take a source out of the configuration file",
    details: "What was kept of it stays in the repository and can still be read and restored.",
    arguments: { name: "the source" },
    examples: ["holdfast source remove lab"],
    json: { form: "document", type: "SourceRow" },
    run: async (invocation, [name = ""]) => {
      const [{ editConfig }, { sourceEntry }, { sourceRow }] = await Promise.all([
        import("../../catalog/config/edit.ts"),
        import("../../catalog/config/workspace-options.ts"),
        import("../source-row.ts"),
      ]);
      const config = await invocation.config();
      const row = sourceRow(name, sourceEntry(config, name));
      if (config.document?.value.sources?.[name] === undefined) {
        throw new HoldfastError(
          "usage",
          `The source ${name} stands in no file: it comes from the environment variable COUCH_URL.`,
        );
      }
      await editConfig(config.location.path, config.document, [
        { member: ["sources", name], value: undefined },
      ]);
      if (invocation.out.json) return invocation.out.document(row);
      await invocation.out.line(`Took source ${name} out of ${config.location.path}.`);
      invocation.out.note("What was kept of it stays in the repository.");
      return undefined;
    },
  });
}
