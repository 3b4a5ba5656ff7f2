/**
 * Running one side of a measurement as a process of its own, with the operating system's account of it.
 */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Measured {
  readonly wallS: number;
  /** User and system time of the process, seconds. */
  readonly cpuS: number;
  /** Peak resident memory, MiB. */
  readonly peakMiB: number;
  /** What the side itself reported on standard output's last line, when that is JSON. */
  readonly result: Readonly<Record<string, number>>;
}

const ACCOUNT = fileURLToPath(new URL("./account.mjs", import.meta.url));

/** Runs `node script …args`; `stdoutFile` takes the output instead of the last-line result. */
export async function runSide(
  script: string,
  args: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly stdin?: string;
    readonly stdoutFile?: string;
    readonly flags?: readonly string[];
  } = {},
): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, ["--import", ACCOUNT, ...(options.flags ?? []), script, ...args], {
    env: { ...process.env, ...options.env },
    stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe", "pipe"],
  });
  if (options.stdin !== undefined && child.stdin) {
    const { createReadStream } = await import("node:fs");
    createReadStream(options.stdin).pipe(child.stdin);
  }
  let out = "";
  let errors = "";
  let account = "";
  if (options.stdoutFile === undefined) child.stdout?.on("data", (text) => (out += String(text)));
  else child.stdout?.pipe(createWriteStream(options.stdoutFile));
  child.stderr?.on("data", (text) => (errors = (errors + String(text)).slice(-4_000)));
  child.stdio[3]?.on("data", (text) => (account += String(text)));
  const [code] = (await once(child, "close")) as [number];
  const wallS = (performance.now() - started) / 1_000;
  if (code !== 0) throw new Error(`${script} ${args[0] ?? ""} exited ${code}: ${errors}`);
  const usage = JSON.parse(account) as { cpuMicros: number; maxRssKiB: number };
  return { wallS, cpuS: usage.cpuMicros / 1e6, peakMiB: usage.maxRssKiB / 1_024, result: lastJson(out) };
}

function lastJson(text: string): Record<string, number> {
  const line = text.trim().split("\n").at(-1) ?? "";
  return line.startsWith("{") ? (JSON.parse(line) as Record<string, number>) : {};
}
