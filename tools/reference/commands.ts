/**
 * The page about commands, and the walk over the program that the other pages share.
 */
import type { Command } from "commander";
import { specOf, type CommandSpec } from "../../src/cli/command.ts";
import type { CliDeps } from "../../src/cli/deps.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { cell, GENERATED, page, table } from "./markdown.ts";

export interface DocumentedCommand {
  /** As it is called: `holdfast source add`. */
  readonly name: string;
  readonly command: Command;
  readonly spec: CommandSpec<never>;
}

/** The program as the reference describes it; nothing is run, so it needs nothing to run with. */
export function program(): Command {
  return buildProgram({} as CliDeps);
}

/** Every visible command that does something, in the order of the help. */
export function documentedCommands(root: Command, prefix = "holdfast"): DocumentedCommand[] {
  return root
    .createHelp()
    .visibleCommands(root)
    .flatMap((command) => {
      const name = `${prefix} ${command.name()}`;
      const spec = specOf(command);
      return [...(spec ? [{ name, command, spec }] : []), ...documentedCommands(command, name)];
    });
}

export function commandsPage(): string {
  const root = program();
  return page(
    GENERATED,
    "# Commands",
    "A TASK is `SOURCE/COLLECTION`, or `backup-` and its 32 digits as `holdfast tasks` lists it. A time is ISO 8601, a date (the end of that day, UTC), `latest`, `latest~2` or `2h ago`; it names the newest kept instant at or before it.",
    "Results go to stdout; progress, notes, warnings and errors to stderr. What `--json` prints is described in [json.md](json.md), exit statuses in [exit-codes.md](exit-codes.md).",
    "## Options of every command",
    optionTable(root),
    ...documentedCommands(root).map(commandSection),
  );
}

function commandSection({ name, command, spec }: DocumentedCommand): string {
  const args = command.registeredArguments.map((argument) => {
    const shown = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${shown}>` : `[${shown}]`;
  });
  const usage = [name, ...args, ...(command.options.length > 0 ? ["[options]"] : [])].join(" ");
  const described = command.registeredArguments.filter((argument) => argument.description !== "");
  return page(
    `## ${name}`,
    sentence(spec.summary),
    `\`\`\`\n${usage}\n\`\`\``,
    ...(spec.details === undefined ? [] : [detailsBlock(spec.details)]),
    ...(described.length === 0
      ? []
      : [
          table(
            ["Argument", ""],
            described.map((argument) => [`\`${argument.name()}\``, cell(argument.description)]),
          ),
        ]),
    ...(command.options.length === 0 ? [] : [optionTable(command)]),
    `\`--json\`: ${jsonText(spec)}`,
    `\`\`\`sh\n${spec.examples.join("\n")}\n\`\`\``,
  ).trimEnd();
}

/** Details that are laid out in columns keep their layout. */
function detailsBlock(details: string): string {
  return / {3,}/.test(details) ? `\`\`\`\n${details}\n\`\`\`` : details;
}

function optionTable(command: Command): string {
  return table(
    ["Option", ""],
    command
      .createHelp()
      .visibleOptions(command)
      .flatMap((option) => {
        if (option.long === "--help") return [];
        const choices = option.argChoices ? ` (${option.argChoices.join(", ")})` : "";
        const value: unknown = option.defaultValue;
        const byDefault = typeof value === "string" ? ` Default: \`${value}\`.` : "";
        return [
          [`\`${option.flags}\``, `${cell(option.description)}${choices}.${byDefault}`.replace("..", ".")],
        ];
      }),
  );
}

function jsonText({ json }: CommandSpec<never>): string {
  if (json.form === "none") return "no effect; the output is text.";
  const form = json.form === "document" ? "one document" : "one line for each row";
  return `${form}, ${json.type} (see [json.md](json.md)).`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
