/**
 * Writes the generated pages of docs/reference from the code: `node tools/generate-reference.ts`. A test writes them
 * again and compares, so whoever changes a command, a code or the configuration runs this too.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { configJsonSchema } from "../src/catalog/config/schema.ts";
import { errorsPage, exitCodesPage } from "./reference/codes.ts";
import { commandsPage } from "./reference/commands.ts";
import { jsonPage } from "./reference/json.ts";

/** Every generated file with its content; paths are relative to the project's folder, which is `root`. */
export async function referencePages(root: string): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["docs/reference/config.schema.json", `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`],
    ["docs/reference/exit-codes.md", exitCodesPage()],
    ["docs/reference/errors.md", errorsPage()],
    ["docs/reference/commands.md", commandsPage()],
    ["docs/reference/json.md", await jsonPage(root)],
  ]);
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "..");
  for (const [path, content] of await referencePages(root)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
    process.stdout.write(`${path}\n`);
  }
}
