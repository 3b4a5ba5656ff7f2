import type { Command } from "commander";
import type { EffectiveConfig, Origin, Setting } from "../../catalog/config/effective.ts";
import { HoldfastError } from "../../model/errors.ts";
import { defineCommand, groupCommand, type App } from "../command.ts";

interface ShowOptions {
  readonly origin?: boolean;
  readonly task?: string;
}

export function configCommand(app: App): Command {
  return groupCommand("config", "the configuration", [showCommand(app), schemaCommand(app)]);
}

function showCommand(app: App): Command {
  return defineCommand<ShowOptions>(app, {
    usage: "show",
    summary: "show the effective configuration; secrets only as their references",
    details: "A flag counts before an environment variable, that before the file, and that before a default.",
    examples: [
      "holdfast config show",
      "holdfast config show --origin",
      "holdfast config show --origin --task prod/orders",
    ],
    json: { form: "lines", type: "Setting" },
    options: (command) =>
      command
        .option("--origin", "say where each value comes from")
        .option("--task <task>", "only the policy of this task: SOURCE/COLLECTION"),
    run: async (invocation, _args, options) => {
      const config = await invocation.config();
      const { out } = invocation;
      const file =
        config.document === undefined ? `none (${config.location.path} would be read)` : config.location.path;
      out.note(`Configuration file: ${file}`);
      await out.list<Setting>(
        options.task === undefined ? config.settings : await taskPolicy(config, options.task),
        [
          { title: "SETTING", value: (row) => row.name },
          { title: "VALUE", value: (row) => valueText(row.value) },
          ...(options.origin ? [{ title: "ORIGIN", value: (row: Setting) => originText(row.origin) }] : []),
        ],
        "Nothing is configured: holdfast init FOLDER makes a repository and enters it.",
      );
    },
  });
}

/** Errors: `usage`, `source-unknown`. */
async function taskPolicy(config: EffectiveConfig, task: string): Promise<Setting[]> {
  const [{ policySettingsOf }, { sourceEntry }] = await Promise.all([
    import("../../catalog/config/policy-layers.ts"),
    import("../../catalog/config/workspace-options.ts"),
  ]);
  const slash = task.indexOf("/");
  if (slash === -1) throw new HoldfastError("usage", `Name the task as SOURCE/COLLECTION, not "${task}".`);
  const source = task.slice(0, slash);
  sourceEntry(config, source);
  return policySettingsOf(config.document, source, "policy", task.slice(slash + 1));
}

function valueText(value: Setting["value"]): string {
  if (typeof value !== "object") return String(value);
  return value.length === 0 ? "–" : value.join(", ");
}

function originText({ kind, place }: Origin): string {
  return place === "" ? kind : `${kind} ${place}`;
}

function schemaCommand(app: App): Command {
  return defineCommand(app, {
    usage: "schema",
    summary: "print the configuration file's JSON schema",
    examples: ["holdfast config schema > config.schema.json"],
    json: { form: "document", type: "JSON Schema (draft 2020-12)" },
    run: async ({ out }) => {
      const { configJsonSchema } = await import("../../catalog/config/schema.ts");
      const schema = configJsonSchema();
      return out.json ? out.document(schema) : out.line(JSON.stringify(schema, undefined, 2));
    },
  });
}
