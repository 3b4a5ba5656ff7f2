import type { Command } from "commander";
import { groupCommand, type App } from "../command.ts";
import { sourceAddCommand } from "./source-add.ts";
import { sourceDiscoverCommand } from "./source-discover.ts";
import { sourceListCommand } from "./source-list.ts";
import { sourceRemoveCommand } from "./source-remove.ts";
import { sourceTestCommand } from "./source-test.ts";

export function sourceCommand(app: App): Command {
  return groupCommand("source", "the accounts that are protected", [
    sourceAddCommand(app),
    sourceListCommand(app),
    sourceTestCommand(app),
    sourceDiscoverCommand(app),
    sourceRemoveCommand(app),
  ]);
}
