/**
 * The one test command: types, lint with layers, format, and the whole suite with coverage. The last line counts them all.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const bin = resolve("node_modules/.bin");
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` };

/** The house's own rules; each counts as one test. */
const HOUSE: readonly (readonly [title: string, command: string, ...args: string[]])[] = [
  ["types", "tsc", "--noEmit"],
  ["lint and layers", "oxlint", "--type-aware", "--deny-warnings"],
  ["format", "oxfmt", "--check"],
];

function run(command: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", env });
  if (error) console.error(`${command} could not be started: ${error.message}`);
  return status === 0;
}

function house(): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [title, command, ...args] of HOUSE) {
    console.log(`\n=== ${title}`);
    if (run(command, args)) counts.passed += 1;
    else counts.failed += 1;
  }
  return counts;
}

/** Runs vitest; a run that ends without a report has failed, whatever it printed. */
function suite(args: readonly string[]): Counts {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  const report = join(folder, "report.json");
  try {
    console.log("\n=== tests");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const ok = run("vitest", ["run", "--coverage", ...reporters, ...args]);
    const result = JSON.parse(readFileSync(report, "utf8")) as {
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
      numTodoTests: number;
      testResults: { status: string; assertionResults: unknown[] }[];
    };
    // A file that fails before its first test has no failed test to show for it.
    const broken = result.testResults.filter(
      (file) => file.status === "failed" && file.assertionResults.length === 0,
    );
    const failed = result.numFailedTests + broken.length;
    return {
      passed: result.numPassedTests,
      failed: ok ? failed : Math.max(1, failed),
      skipped: result.numPendingTests + result.numTodoTests,
    };
  } catch (error) {
    console.error("The test run left no report:", error);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const rules = house();
const tests = suite(process.argv.slice(2));
const failed = rules.failed + tests.failed;
const skipped = rules.skipped + tests.skipped;
console.log(
  `\n${rules.passed + tests.passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
);
process.exitCode = failed === 0 && tests.passed > 0 ? 0 : 1;
