import type { Command } from "commander";
import { groupCommand, type App } from "../command.ts";
import { retentionAcknowledgeCommand } from "./retention-acknowledge.ts";

export function retentionCommand(app: App): Command {
  return groupCommand("retention", "look after what timelines keep", [retentionAcknowledgeCommand(app)]);
}
