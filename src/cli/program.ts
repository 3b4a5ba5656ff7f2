/**
 * The program: every command, in the groups that `--help` shows.
 */
import { Command } from "commander";
import type { App, ExitSlot } from "./command.ts";
import type { CliDeps } from "./deps.ts";
import { backupCommand } from "./commands/backup.ts";
import { captureCommand } from "./commands/capture.ts";
import { catCommand } from "./commands/cat.ts";
import { checkCommand } from "./commands/check.ts";
import { cleanupCommand } from "./commands/cleanup.ts";
import { compareCommand } from "./commands/compare.ts";
import { completeCommand, completionCommand } from "./commands/completion.ts";
import { configCommand } from "./commands/config.ts";
import { deltasCommand } from "./commands/deltas.ts";
import { demoCommand } from "./commands/demo.ts";
import { diffCommand } from "./commands/diff.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { eraseCommand } from "./commands/erase.ts";
import { erasuresCommand } from "./commands/erasures.ts";
import { explainCommand } from "./commands/explain.ts";
import { exportCommand } from "./commands/export.ts";
import { importCommand } from "./commands/import.ts";
import { gatewayCommand } from "./commands/gateway.ts";
import { holdCommand } from "./commands/hold.ts";
import { initCommand } from "./commands/init.ts";
import { keyCommand } from "./commands/key.ts";
import { logCommand } from "./commands/log.ts";
import { lsCommand } from "./commands/ls.ts";
import { readinessCommand } from "./commands/readiness.ts";
import { repairCommand } from "./commands/repair.ts";
import { repositoryCommand } from "./commands/repository.ts";
import { rollupCommand } from "./commands/rollup.ts";
import { restoreCommand } from "./commands/restore.ts";
import { retentionCommand } from "./commands/retention.ts";
import { runsCommand } from "./commands/runs.ts";
import { sandboxCommand } from "./commands/sandbox.ts";
import { sourceCommand } from "./commands/source.ts";
import { standbyCommand } from "./commands/standby.ts";
import { scheduleCommand } from "./commands/schedule.ts";
import { serveCommand } from "./commands/serve.ts";
import { tasksCommand } from "./commands/tasks.ts";
import { trashCommand } from "./commands/trash.ts";
import { undoCommand } from "./commands/undo.ts";
import { VERSION } from "./version.ts";

type MakeCommand = (app: App) => Command;

/** Commands by what somebody comes for, in the order of a first day. */
const GROUPS: readonly (readonly [string, readonly MakeCommand[]])[] = [
  ["Set up:", [initCommand, sourceCommand, keyCommand, configCommand]],
  [
    "Keep:",
    [
      backupCommand,
      serveCommand,
      scheduleCommand,
      tasksCommand,
      runsCommand,
      deltasCommand,
      gatewayCommand,
      captureCommand,
      readinessCommand,
    ],
  ],
  ["Look:", [lsCommand, logCommand, catCommand, diffCommand]],
  ["Put back:", [restoreCommand, undoCommand, compareCommand, standbyCommand]],
  ["Move in, move out:", [importCommand, exportCommand]],
  [
    "Retain:",
    [
      holdCommand,
      trashCommand,
      rollupCommand,
      cleanupCommand,
      retentionCommand,
      eraseCommand,
      erasuresCommand,
    ],
  ],
  ["Look after:", [checkCommand, repairCommand, doctorCommand, explainCommand, repositoryCommand]],
  ["Try out:", [demoCommand, sandboxCommand]],
  ["Shell:", [completionCommand]],
];

/** Builds the program; `slot` receives the exit status of the command that runs. Parsing errors are thrown. */
export function buildProgram(deps: CliDeps, slot: ExitSlot = { exit: 0 }): Command {
  const app: App = { deps, slot };
  const program = new Command("holdfast")
    .description("Keeps every version of the data that cloud services hold for you, and puts any of it back.")
    .version(VERSION, "-V, --version", "print the version")
    .option("--config <file>", "configuration file")
    .option("--repository <folder>", "the repository, instead of the configured one")
    .option("--passphrase <ref>", "its passphrase, by reference: env:NAME, file:PATH or cmd:COMMAND")
    .option("--identity <ref>", "an age identity instead of a passphrase, by reference")
    .option("--json", "results as JSON on stdout, progress and errors as JSON lines on stderr")
    .option("-q, --quiet", "no progress and no notes")
    .option("-v, --verbose", "errors with their stacks")
    .option("--no-color", "no colour; so does NO_COLOR")
    .addHelpText(
      "after",
      "\nA TASK is SOURCE/COLLECTION or backup-… as holdfast tasks lists it.\n" +
        "holdfast COMMAND --help explains one command; holdfast explain CODE an error.",
    );
  for (const [heading, commands] of GROUPS) {
    for (const make of commands) program.addCommand(make(app).helpGroup(heading));
  }
  program.addCommand(completeCommand(app), { hidden: true });
  program.addHelpCommand(
    new Command("help").argument("[command]").description("explain a command").helpGroup("Look after:"),
  );
  configure(program);
  return program;
}

/** The same manners for every command: errors are thrown, not printed, and help is as wide as a page. */
function configure(command: Command): void {
  command.helpOption("-h, --help", "explain the command");
  command.exitOverride().configureHelp({
    helpWidth: HELP_WIDTH,
    showGlobalOptions: command.commands.length === 0,
  });
  for (const child of command.commands) configure(child);
}

const HELP_WIDTH = 110;
