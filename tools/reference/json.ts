/**
 * The page about JSON output. The types are taken from the sources as they stand there, so the page cannot differ from
 * what the compiler checks.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { documentedCommands, program } from "./commands.ts";
import { cell, GENERATED, page, table } from "./markdown.ts";

/** Where published types are declared. */
const TYPE_FILES = [
  "src/operations/reports/tasks.ts",
  "src/operations/reports/marks.ts",
  "src/operations/reports/items.ts",
  "src/operations/reports/restores.ts",
  "src/operations/reports/care.ts",
  "src/operations/reports/retention.ts",
  "src/operations/reports/erasures.ts",
  "src/operations/reports/exchange.ts",
  "src/operations/reports/standbys.ts",
  "src/operations/reports/serving.ts",
  "src/operations/reports/readiness.ts",
  "src/operations/reports/captures.ts",
  "src/operations/standby/members.ts",
  "src/model/routing-table.ts",
  "src/cli/json-types.ts",
  "src/cli/source-row.ts",
  "src/cli/doctor/finding.ts",
  "src/catalog/config/effective.ts",
  "src/operations/init.ts",
  "src/repository/sealing/slots.ts",
  "src/repository/sealing/keyring.ts",
  "src/repository/storage/conformance/verify.ts",
  "src/sources/source.ts",
  "src/sources/live-copies.ts",
  "src/model/level.ts",
  "src/model/verdict.ts",
  "src/sources/watson/captures.ts",
  "src/model/version.ts",
  "src/model/errors.ts",
  "src/model/error-codes.ts",
] as const;

/** On stderr, whatever the command. */
const STDERR_TYPES = ["ErrorLine", "ProgressLine", "WarningLine"];

/** With the comment before it; a type ends at a semicolon after which its block of lines ends. */
const DECLARATION =
  /(?:^\/\*\*(?:(?!\*\/)[\s\S])*?\*\/\n)?^export (?:interface (\w+)[^{]*\{\n[\s\S]*?^\}|(?:type|const) (\w+)\b[\s\S]*?;(?: \/\/[^\n]*)?(?=\n\n|\n\/\*\*|\nexport|\n?(?![\s\S])))$/gm;

export async function jsonPage(root: string): Promise<string> {
  const commands = documentedCommands(program());
  const declarations = await declarationsIn(root);
  const named = commands.flatMap(({ spec }) => namesIn(spec.json.type, declarations));
  const reached = reachable([...named, ...STDERR_TYPES], declarations);
  const missing = commands
    .filter(({ spec }) => spec.json.form !== "none" && !spec.json.type.startsWith("JSON Schema"))
    .filter(({ spec }) => namesIn(spec.json.type, declarations).length === 0);
  if (missing.length > 0)
    throw new Error(`no declaration for the JSON of ${missing.map(({ name }) => name).join(", ")}`);
  return page(
    GENERATED,
    "# JSON output",
    "With `--json` every command prints its results on stdout as JSON: one document on one line, or one line for each row of a list. Times are ISO 8601 UTC, sizes bytes, durations milliseconds. Fields may be added; none is renamed or removed.",
    "On stderr there is then nothing but JSON lines too, each with one member that tells what it is: `progress`, `warning` or `error`.",
    table(
      ["Command", "Form", "Type"],
      commands.map(({ name, spec }) => [
        `\`${name}\``,
        spec.json.form === "document"
          ? "one document"
          : spec.json.form === "lines"
            ? "lines"
            : "text, not JSON",
        spec.json.form === "none" ? "" : linked(cell(spec.json.type), reached),
      ]),
    ),
    `Lines on stderr: ${STDERR_TYPES.map((name) => linked(name, reached)).join(", ")}.`,
    "## Types",
    "Written in TypeScript, as the code declares them; the library `holdfast` exports those of the operations.",
    ...reached.map((name) => page(`### ${name}`, `\`\`\`ts\n${declarations.get(name)}\n\`\`\``).trimEnd()),
  );
}

/** Text of every exported declaration, by name. */
async function declarationsIn(root: string): Promise<Map<string, string>> {
  const declarations = new Map<string, string>();
  for (const file of TYPE_FILES) {
    const source = await readFile(join(root, file), "utf8");
    for (const [text, interfaceName, otherName] of source.matchAll(DECLARATION)) {
      const name = (interfaceName ?? otherName) as string;
      declarations.set(name, text.replaceAll(/^export /gm, "").replaceAll("readonly ", ""));
    }
  }
  return declarations;
}

function namesIn(text: string, declarations: ReadonlyMap<string, string>): string[] {
  const code = text.replaceAll(/\/\*\*[\s\S]*?\*\//g, "");
  return [...new Set(code.match(/\b\w+\b/g))].filter((name) => declarations.has(name));
}

/** The named types and all that they name, in the order in which they are met. */
function reachable(names: readonly string[], declarations: ReadonlyMap<string, string>): string[] {
  const found = new Set<string>();
  const queue = [...names];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    // The table of all codes has its own page.
    if (found.has(name) || name === "ERROR_CODES") continue;
    found.add(name);
    queue.push(...namesIn(declarations.get(name) as string, declarations).filter((inner) => inner !== name));
  }
  return [...found];
}

function linked(type: string, names: readonly string[]): string {
  return type.replaceAll(/\b\w+\b/g, (word) =>
    names.includes(word) ? `[${word}](#${word.toLowerCase()})` : word,
  );
}
