import type { Command } from "commander";
import { groupCommand, type App } from "../command.ts";
import { standbyAddCommand } from "./standby-add.ts";
import { standbyFailoverCommand } from "./standby-failover.ts";
import { standbyRoutesCommand } from "./standby-routes.ts";
import { standbyRunCommand } from "./standby-run.ts";
import { standbyStatusCommand } from "./standby-status.ts";

export function standbyCommand(app: App): Command {
  return groupCommand("standby", "second instances, kept in step with a source", [
    standbyAddCommand(app),
    standbyRunCommand(app),
    standbyStatusCommand(app),
    standbyFailoverCommand(app),
    standbyRoutesCommand(app),
  ]);
}
