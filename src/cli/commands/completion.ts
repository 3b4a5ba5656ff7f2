import type { Command } from "commander";
import { ERROR_CODES } from "../../model/error-codes.ts";
import { HoldfastError } from "../../model/errors.ts";
import { defineCommand, type App } from "../command.ts";
import { completionNodes } from "../completion/words.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

export function completionCommand(app: App): Command {
  const command = defineCommand(app, {
    usage: "completion <shell>",
    summary: "print a completion script for bash, zsh or fish",
    arguments: { shell: SHELLS.join(", ") },
    examples: ["source <(holdfast completion bash)", "holdfast completion fish | source"],
    json: { form: "none", type: "text" },
    run: async ({ out }, [shell = ""]) => {
      const [{ bashScript }, { zshScript }, { fishScript }] = await Promise.all([
        import("../completion/bash.ts"),
        import("../completion/zsh.ts"),
        import("../completion/fish.ts"),
      ]);
      const scripts: Readonly<Record<string, typeof bashScript>> = {
        bash: bashScript,
        zsh: zshScript,
        fish: fishScript,
      };
      const script = scripts[shell];
      if (!script)
        throw new HoldfastError(
          "usage",
          `There is no completion for "${shell}": it is ${SHELLS.join(", ")}.`,
        );
      let program: Command = command;
      while (program.parent) program = program.parent;
      const words = { "completion shell": SHELLS, "explain code": Object.keys(ERROR_CODES) };
      await out.bytes(Buffer.from(script(completionNodes(program, words))));
    },
  });
  return command;
}

/** Answers the scripts' questions: one name on each line. Silent when it cannot know, for a shell has no use for errors. */
export function completeCommand(app: App): Command {
  return defineCommand(app, {
    usage: "__complete <what>",
    summary: "names for completion",
    arguments: { what: "tasks or sources" },
    examples: ["holdfast __complete tasks"],
    json: { form: "none", type: "text" },
    run: async (invocation, [what]) => {
      try {
        const config = await invocation.config();
        if (what === "sources") return await invocation.out.lines(config.sources.keys());
        // Nobody is asked for a passphrase in the middle of a word.
        if (!config.credential) return await invocation.out.lines(config.sources.keys());
        await using workspace = await invocation.open("none");
        const tasks = await invocation.operations.listTasks(workspace, invocation.hooks);
        return await invocation.out.lines(tasks.map(({ source, collection }) => `${source}/${collection}`));
      } catch {
        return undefined;
      }
    },
  });
}
