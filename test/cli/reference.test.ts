import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../src/catalog/config/schema.ts";
import { referencePages } from "../../tools/generate-reference.ts";
import { documentedCommands, program } from "../../tools/reference/commands.ts";

const root = resolve(import.meta.dirname, "../..");

describe("the reference", () => {
  it("is what the code says today: run `node tools/generate-reference.ts` after a change", async () => {
    for (const [path, content] of await referencePages(root)) {
      expect({ path, content: await readFile(join(root, path), "utf8") }).toEqual({ path, content });
    }
  });

  it("covers every command, each with an example that is a command line of it", () => {
    const commands = documentedCommands(program());
    expect(commands.length).toBeGreaterThan(25);
    for (const { name, spec } of commands) {
      expect([name, spec.examples.length > 0]).toEqual([name, true]);
      for (const example of spec.examples) expect(example).toContain(name);
    }
  });

  it("explains every option and every argument", () => {
    for (const { name, command } of documentedCommands(program())) {
      const described = [...command.options, ...command.registeredArguments].map(
        ({ description }) => description,
      );
      expect([name, described.filter((text) => text === "").length]).toEqual([name, 0]);
    }
  });
});

describe("the guide", () => {
  it("shows a configuration that the schema accepts", async () => {
    const { parse } = await import("yaml");
    const guide = await readFile(join(root, "docs/guide/configuration.md"), "utf8");
    const [example = ""] = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text as string);
    expect(configSchema.safeParse(parse(example)).error?.issues ?? []).toEqual([]);
    expect(example).toContain("sources:");
  });
});
