import type { Command } from "commander";
import { defineCommand, type App } from "../command.ts";
import type { DoctorFinding } from "../doctor/finding.ts";
import { EXIT_FAILED, EXIT_OK, exitOfCode } from "../exit-codes.ts";
import { countOf, visible, wrapped } from "../format.ts";
import type { Output } from "../output.ts";
import type { Style } from "../style.ts";

const STATE_STYLES: Readonly<Record<DoctorFinding["state"], Style>> = {
  ok: "green",
  warning: "yellow",
  problem: "red",
};
const STATE_WIDTH = 7;
const CHECK_WIDTH = 18;

export function doctorCommand(app: App): Command {
  return defineCommand(app, {
    usage: "doctor",
    summary: "examine this installation: configuration, secrets, repository, sources",
    details: "Changes nothing. Each line says ok, warning or problem, and what to do.",
    examples: ["holdfast doctor"],
    json: { form: "lines", type: "DoctorFinding" },
    run: async (invocation) => {
      const { out } = invocation;
      const { examine } = await import("../doctor/checks.ts");
      const counts = { ok: 0, warning: 0, problem: 0 };
      let exit = EXIT_OK;
      for await (const finding of examine(invocation)) {
        counts[finding.state] += 1;
        if (finding.state === "problem" && exit === EXIT_OK)
          exit = finding.code ? exitOfCode(finding.code) : EXIT_FAILED;
        if (out.json) await out.document(finding);
        else await out.lines(findingLines(finding, out));
      }
      const rest = [countOf(counts.problem, "problem"), countOf(counts.warning, "warning")].join(", ");
      out.note(counts.problem + counts.warning === 0 ? "All is well." : `${rest}.`);
      return exit;
    },
  });
}

function findingLines(finding: DoctorFinding, out: Output): string[] {
  const indent = " ".repeat(STATE_WIDTH + CHECK_WIDTH + 4);
  const room = Math.max(40, out.width - indent.length);
  const detail = wrapped(finding.detail, room).map(visible);
  const state = out.paint(STATE_STYLES[finding.state], finding.state.padEnd(STATE_WIDTH));
  const lines = [`${state}  ${visible(finding.check).padEnd(CHECK_WIDTH)}  ${detail[0] ?? ""}`];
  lines.push(...detail.slice(1).map((line) => indent + line));
  if (finding.fix !== undefined)
    lines.push(...wrapped(finding.fix, room).map((line) => indent + out.paint("cyan", line)));
  return lines;
}
