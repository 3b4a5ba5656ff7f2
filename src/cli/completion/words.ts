/**
 * What a shell may offer: commands, options and fixed choices, read from the program itself.
 */
import type { Argument, Command } from "commander";

/** One command with what may follow it. */
export interface CompletionNode {
  /** Words after `holdfast`, joined by blanks; empty for the program. */
  readonly path: string;
  readonly summary: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly CompletionOption[];
  /** What each argument is, in order; the last repeats when it is variadic. */
  readonly arguments: readonly CompletionArgument[];
}

export interface CompletionOption {
  readonly long: string;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** `tasks` and `sources` are asked for at run time; `files` are the shell's; `words` are fixed. */
export interface CompletionArgument {
  readonly kind: "tasks" | "sources" | "files" | "words" | "none";
  readonly words: readonly string[];
  readonly variadic: boolean;
}

/** Every visible command, the program first. */
export function completionNodes(
  program: Command,
  words: Readonly<Record<string, readonly string[]>>,
): CompletionNode[] {
  return nodesOf(program, "", words);
}

function nodesOf(
  command: Command,
  path: string,
  words: Readonly<Record<string, readonly string[]>>,
): CompletionNode[] {
  const visible = command.createHelp().visibleCommands(command);
  const node: CompletionNode = {
    path,
    summary: command.summary() || command.description(),
    commands: visible.map((child) => ({
      name: child.name(),
      summary: child.summary() || child.description(),
    })),
    options: optionsOf(command),
    arguments: command.registeredArguments.map((argument) => argumentOf(path, argument, words)),
  };
  const children = visible
    .filter((child) => child.name() !== "help")
    .flatMap((child) => nodesOf(child, path === "" ? child.name() : `${path} ${child.name()}`, words));
  return [node, ...children];
}

function optionsOf(command: Command): CompletionOption[] {
  const own = command.createHelp().visibleOptions(command);
  const inherited = command.createHelp().visibleGlobalOptions(command);
  return [...own, ...inherited]
    .filter((option) => option.long !== undefined && option.long !== null)
    .map((option) => ({
      long: option.long as string,
      summary: option.description,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    }))
    .filter((option, index, all) => all.findIndex(({ long }) => long === option.long) === index);
}

/** What an argument is; fixed words are found by `path argument`, e.g. `explain code`. */
function argumentOf(
  path: string,
  argument: Argument,
  words: Readonly<Record<string, readonly string[]>>,
): CompletionArgument {
  const { variadic } = argument;
  const fixed = words[`${path} ${argument.name()}`];
  return fixed === undefined
    ? { kind: kindOf(path, argument.name()), words: [], variadic }
    : { kind: "words", words: fixed, variadic };
}

function kindOf(path: string, name: string): CompletionArgument["kind"] {
  if (name === "task" || name === "select") return "tasks";
  if (name === "folder" || name === "path") return "files";
  if (name === "source") return "sources";
  return name === "name" && path.startsWith("source ") && path !== "source add" ? "sources" : "none";
}
