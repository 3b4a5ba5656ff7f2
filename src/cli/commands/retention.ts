import type { Command } from "commander";
import { groupCommand, type App } from "../command.ts";
import { retentionAcknowledgeCommand } from "./retention-acknowledge.ts";
import { retentionPreviewCommand } from "./retention-preview.ts";

export function retentionCommand(app: App): Command {
  return groupCommand("retention", "look after what timelines keep", [
    retentionPreviewCommand(app),
    retentionAcknowledgeCommand(app),
  ]);
}
