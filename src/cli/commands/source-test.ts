import type { Command } from "commander";
import { errorText } from "../../model/errors.ts";
import { defineCommand, type App } from "../command.ts";
import { asHoldfastError } from "../error-text.ts";
import { EXIT_INCOMPLETE, EXIT_OK } from "../exit-codes.ts";
import { visible } from "../format.ts";
import type { SourceTestRow } from "../json-types.ts";
import { chosenSources } from "../source-names.ts";

export function sourceTestCommand(app: App): Command {
  return defineCommand(app, {
    usage: "test [name...]",
    summary: "reach sources and say what their credentials may do",
    details: "Changes nothing at the service.",
    arguments: { name: "the sources (default: all)" },
    examples: ["holdfast source test", "holdfast source test prod"],
    json: { form: "lines", type: "SourceTestRow" },
    run: async (invocation, names) => {
      const { out } = invocation;
      const chosen = await chosenSources(invocation, names);
      let failed = 0;
      let exit = EXIT_OK;
      for (const name of chosen) {
        try {
          await using connections = await invocation.connect([name]);
          const check = await invocation.operations.testSource(
            connections,
            { source: name },
            invocation.hooks,
          );
          if (out.json) {
            await out.document({ source: name, ok: true, ...check } satisfies SourceTestRow);
            continue;
          }
          // An API key has no name to tell.
          const who = check.user === "" ? "" : `, as ${check.user}`;
          await out.line(`${out.paint("bold", name)}  ${visible(`${check.service} ${check.version}${who}`)}`);
          for (const { name: ability, ok, detail } of check.abilities) {
            const mark = ok ? out.paint("green", "yes") : out.paint("yellow", "no ");
            await out.line(`  ${mark}  ${visible(detail === "" ? ability : `${ability}: ${detail}`)}`);
          }
        } catch (error) {
          invocation.signal.throwIfAborted();
          if (chosen.length === 1) throw error;
          const { code, exit: status } = asHoldfastError(error);
          failed += 1;
          exit = status;
          if (out.json)
            await out.document({
              source: name,
              ok: false,
              error: { code, message: errorText(error) },
            } satisfies SourceTestRow);
          else
            await out.line(
              `${out.paint("bold", name)}  ${out.paint("red", "failed")}  ${visible(errorText(error))} (${code})`,
            );
        }
      }
      return failed > 0 && failed < chosen.length ? EXIT_INCOMPLETE : exit;
    },
  });
}
