/**
 * How a command is declared: one specification from which the parser, the help, the reference and completion are made.
 */
import { Command } from "commander";
import type { CliDeps } from "./deps.ts";
import { Invocation, type GlobalOptions } from "./invocation.ts";

/** What `--json` prints on stdout. */
export interface JsonForm {
  /** `document`: one; `lines`: one for each row; `none`: the output is not JSON, with or without `--json`. */
  readonly form: "document" | "lines" | "none";
  /** The type, as the library exports it or as `docs/reference/json.md` writes it out. */
  readonly type: string;
}

export interface CommandSpec<Options> {
  /** Name and arguments, e.g. `ls <task>`. */
  readonly usage: string;
  readonly summary: string;
  /** More than the summary, for `--help` and the reference; paragraphs separated by an empty line. */
  readonly details?: string;
  /** Arguments explained, by name. */
  readonly arguments?: Readonly<Record<string, string>>;
  readonly examples: readonly string[];
  readonly json: JsonForm;
  readonly options?: (command: Command) => void;
  /** Runs it; the returned exit status counts, nothing means 0. */
  readonly run: (
    invocation: Invocation,
    args: readonly (string | undefined)[],
    options: Options,
  ) => Promise<number | void>;
}

type AnySpec = CommandSpec<never>;

/** The specifications of all commands that were built, for the reference. */
const specs = new WeakMap<Command, AnySpec>();

export function specOf(command: Command): AnySpec | undefined {
  return specs.get(command);
}

/** Where a command leaves its exit status. */
export interface ExitSlot {
  exit: number;
}

/** What commands are built with. */
export interface App {
  readonly deps: CliDeps;
  readonly slot: ExitSlot;
}

/** Builds a command. A variadic argument arrives as further entries of `args`. */
export function defineCommand<Options = object>(app: App, spec: CommandSpec<Options>): Command {
  const [name = "", ...args] = spec.usage.split(" ");
  const command = new Command(name).description(spec.summary).summary(spec.summary);
  for (const argument of args) {
    const plain = argument.replace(/[<>[\].]/g, "");
    command.argument(argument, spec.arguments?.[plain] ?? "");
  }
  spec.options?.(command);
  specs.set(command, spec);
  command.addHelpText("after", () => helpAfter(spec));
  command.action(async () => {
    const globals = command.optsWithGlobals<GlobalOptions>();
    const invocation = new Invocation(app.deps, globals);
    try {
      const given = command.processedArgs.flat() as (string | undefined)[];
      app.slot.exit = (await spec.run(invocation, given, command.opts() as Options)) ?? 0;
    } finally {
      invocation.out.endProgress();
    }
  });
  return command;
}

function helpAfter(spec: AnySpec): string {
  const details = spec.details === undefined ? "" : `\n${spec.details}\n`;
  return `${details}\nExamples:\n${spec.examples.map((line) => `  ${line}`).join("\n")}`;
}

/** A command that only groups others. */
export function groupCommand(name: string, summary: string, commands: readonly Command[]): Command {
  const group = new Command(name).description(summary).helpCommand(false);
  for (const command of commands) group.addCommand(command);
  return group;
}
