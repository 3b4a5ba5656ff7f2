/**
 * One run of the program: parses, runs the command, and turns whatever happens into text and an exit status.
 */
import { CommanderError, type Command } from "commander";
import { HoldfastError } from "../model/errors.ts";
import type { ExitSlot } from "./command.ts";
import type { CliDeps } from "./deps.ts";
import { asHoldfastError, errorJson, errorLines } from "./error-text.ts";
import { outputFor, type GlobalOptions } from "./invocation.ts";
import { buildProgram } from "./program.ts";

/** Runs `holdfast` with these words and returns the exit status. Never throws. */
export async function run(words: readonly string[], deps: CliDeps): Promise<number> {
  const slot: ExitSlot = { exit: 0 };
  const program = buildProgram(deps, slot);
  const help: string[] = [];
  capture(program, help);
  try {
    await program.parseAsync([...words], { from: "user" });
    return slot.exit;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      await deps.io.stdout.write(help.join(""));
      return 0;
    }
    const ours = fromCommander(error, words, help) ?? interrupted(deps.signal) ?? asHoldfastError(error);
    const globals = globalsIn(program, words);
    const output = outputFor(deps, globals);
    const verbose = globals.verbose ?? false;
    output.complain((paint, width) =>
      globals.json
        ? errorJson(ours, verbose)
        : errorLines(ours, verbose, paint, width, helpFor(program, words)),
    );
    return ours.exit;
  }
}

/** Keeps what commander would print, for us to decide where it goes. */
function capture(command: Command, help: string[]): void {
  command.configureOutput({
    writeOut: (text) => help.push(text),
    // Complaints come again as the thrown error's message.
    writeErr: (text) => help.push(text),
    outputError: () => undefined,
    getOutHelpWidth: () => 0,
    getErrHelpWidth: () => 0,
  });
  for (const child of command.commands) capture(child, help);
}

/** A mistake on the command line, in our words. */
function fromCommander(
  error: unknown,
  words: readonly string[],
  help: readonly string[],
): HoldfastError | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  if (error.code === "commander.help") {
    const first = words.find((word) => !word.startsWith("-"));
    const which = first === undefined ? "" : ` of ${first}`;
    return new HoldfastError("usage", `Which command${which}? ${commandsIn(help.join(""))}`);
  }
  // "error: unknown option '--foo'\n(Did you mean --for?)"
  const text = error.message
    .replace(/^error: /, "")
    .replaceAll(/\s*\n\s*/g, " ")
    .trim();
  return new HoldfastError("usage", text.charAt(0).toUpperCase() + text.slice(1));
}

/** Names of the commands in a help text. */
function commandsIn(help: string): string {
  const names = [...help.matchAll(/^ {2}([a-z][a-z-]*)(?: |$)/gm)].map(([, name]) => name as string);
  return `There are ${names.filter((name) => name !== "help").join(", ")}.`;
}

/** How to read about the command that these words reach. */
function helpFor(program: Command, words: readonly string[]): string {
  let command = program;
  const path = ["holdfast"];
  for (const word of words) {
    const child = command.commands.find((one) => one.name() === word);
    if (!child) continue;
    path.push(word);
    command = child;
  }
  return `${path.join(" ")} --help`;
}

function interrupted(signal: AbortSignal): HoldfastError | undefined {
  if (!signal.aborted) return undefined;
  return signal.reason instanceof HoldfastError
    ? signal.reason
    : new HoldfastError("interrupted", "The command was stopped.");
}

/** The global options, also when parsing failed before it reached them. */
function globalsIn(program: Command, words: readonly string[]): GlobalOptions {
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  const given = words.slice(0, end);
  const parsed = program.opts<GlobalOptions>();
  return {
    ...parsed,
    json: (parsed.json ?? false) || given.includes("--json"),
    verbose: (parsed.verbose ?? false) || given.includes("--verbose") || given.includes("-v"),
    color: (parsed.color ?? true) && !given.includes("--no-color"),
  };
}
