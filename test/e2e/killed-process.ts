/**
 * The command line as a process of its own that may be killed on the way.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const LOOK_MS = 5;

export interface Ended {
  /** Null after a kill. */
  readonly code: number | null;
  /** What it wrote, to stdout and stderr. */
  readonly out: string;
}

/** `struck`: the process is killed as soon as this says so. */
export async function runKilled(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  struck?: () => boolean,
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  child.stdout.on("data", (text) => (out += String(text)));
  child.stderr.on("data", (text) => (out += String(text)));
  const closed = once(child, "close") as Promise<[number | null]>;
  if (struck !== undefined) {
    while (child.exitCode === null && !struck()) await wait(LOOK_MS);
    child.kill("SIGKILL");
  }
  const [code] = await closed;
  return { code, out };
}

/** Returns what it wrote; throws when it did not end well. */
export async function runWell(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { code, out } = await runKilled(args, env);
  if (code !== 0) throw new Error(`${args.join(" ")}: ${code} ${out}`);
  return out;
}
