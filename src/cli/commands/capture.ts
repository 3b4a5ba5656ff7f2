import type { Command } from "commander";
import { groupCommand, type App } from "../command.ts";
import { captureAddCommand } from "./capture-add.ts";
import { captureListCommand } from "./capture-list.ts";
import { captureVerifyCommand } from "./capture-verify.ts";

export function captureCommand(app: App): Command {
  return groupCommand(
    "capture",
    "originals that services never give back: corpora, grammars, audio, prompts",
    [captureAddCommand(app), captureListCommand(app), captureVerifyCommand(app)],
  );
}
