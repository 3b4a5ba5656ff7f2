import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");

describe("the command line", () => {
  it("loads no operation, no schema library and no YAML before a command needs it", () => {
    const eager = new Set<string>();
    const queue = ["src/cli/run.ts", "src/cli/operations.ts", "src/cli/process-io.ts", "src/cli/signals.ts"];
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (eager.has(file)) continue;
      eager.add(file);
      for (const [, target] of readFileSync(resolve(root, file), "utf8").matchAll(
        /^(?:import|export) (?!type\b)[^;]*?from "([^"]+)";/gm,
      )) {
        if (target?.startsWith(".")) queue.push(resolve("/", file, "..", target).slice(1));
        else eager.add(target as string);
      }
    }
    const packages = [...eager].filter((name) => !name.startsWith("src/") && !name.startsWith("node:"));
    expect(packages).toEqual(["commander"]);
    expect(
      [...eager].filter((name) => /src\/(operations|repository|sources|timeline|sandbox)\//.test(name)),
    ).toEqual([]);
  });

  it("has one command, or one group of commands, in each file", () => {
    for (const file of globSync("src/cli/commands/*.ts", { cwd: root })) {
      const made = readFileSync(resolve(root, file), "utf8").match(
        /^export function \w+Command\(app: App\): Command/gm,
      );
      expect([file, (made?.length ?? 0) >= 1]).toEqual([file, true]);
    }
  });
});
