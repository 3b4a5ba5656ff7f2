import type { Command } from "commander";
import type { Origin, Setting } from "../../catalog/config/effective.ts";
import { defineCommand, groupCommand, type App } from "../command.ts";

interface ShowOptions {
  readonly origin?: boolean;
}

export function configCommand(app: App): Command {
  return groupCommand("config", "the configuration", [showCommand(app), schemaCommand(app)]);
}

function showCommand(app: App): Command {
  return defineCommand<ShowOptions>(app, {
    usage: "show",
    summary: "show the effective configuration; secrets only as their references",
    details: "A flag counts before an environment variable, that before the file, and that before a default.",
    examples: ["holdfast config show", "holdfast config show --origin"],
    json: { form: "lines", type: "Setting" },
    options: (command) => command.option("--origin", "say where each value comes from"),
    run: async (invocation, _args, options) => {
      const config = await invocation.config();
      const { out } = invocation;
      const file =
        config.document === undefined ? `none (${config.location.path} would be read)` : config.location.path;
      out.note(`Configuration file: ${file}`);
      await out.list<Setting>(
        config.settings,
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
