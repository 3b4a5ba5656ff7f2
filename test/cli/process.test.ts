import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder } from "./harness.ts";

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts");

function start(words: readonly string[]): ChildProcess {
  const cwd = emptyFolder();
  const { PATH = "" } = process.env;
  return spawn(process.execPath, [MAIN, ...words], {
    cwd,
    env: { PATH, HOME: cwd },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function outcome(
  child: ChildProcess,
): Promise<{ exit: number | null; stdout: string; stderr: string }> {
  const texts = { stdout: "", stderr: "" };
  child.stdout?.on("data", (piece: Buffer) => (texts.stdout += piece.toString()));
  child.stderr?.on("data", (piece: Buffer) => (texts.stderr += piece.toString()));
  const [exit] = (await once(child, "close")) as [number | null];
  return { exit, ...texts };
}

describe("the holdfast process", () => {
  it("prints results on stdout and ends with the command's status", async () => {
    expect(await outcome(start(["explain", "wrong-key", "--json"]))).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^\{"code":"wrong-key"/) as string,
      stderr: "",
    });
    expect(await outcome(start(["tasks"]))).toMatchObject({ exit: 20, stdout: "" });
  });

  it("does not mind a reader that goes away", async () => {
    const child = start(["config", "schema"]);
    child.stdout?.destroy();
    expect(await outcome(child)).toMatchObject({ exit: 0, stderr: "" });
  });

  it("stops cleanly at the first signal and says that it heard it", async () => {
    const child = start(["sandbox"]);
    const ended = outcome(child);
    // Should it not come up, its end says why.
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, "data"), ended]);
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining("holdfast: stopping cleanly; once more to stop at once\n") as string,
    });
  });

  it("stops at once at the second signal, with 130", async () => {
    // A program around the same handlers that never stops by itself.
    const busy = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `const { processSignal } = await import(${JSON.stringify(resolve(MAIN, "../signals.ts"))});
         processSignal((text) => console.log(text)); console.log("ready"); setInterval(() => {}, 1000);`,
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    const ended = outcome(busy);
    await once(busy.stdout, "data");
    busy.kill("SIGINT");
    await once(busy.stdout, "data");
    busy.kill("SIGINT");
    expect((await ended).exit).toBe(130);
  });
});
