/**
 * What is published, as a user gets it: the packed files with their dependencies, run by plain Node.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const exec = promisify(execFile);
const ROOT = resolve(import.meta.dirname, "../..");
let folder: string;
let installed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-package-"));
  installed = join(folder, "node_modules", "holdfast");
  await mkdir(installed, { recursive: true });
  await exec("npm", ["run", "--silent", "build"], { cwd: ROOT });
  await exec("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: ROOT });
  const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz")) as string;
  await exec("tar", ["-xzf", join(folder, tarball), "-C", installed, "--strip-components=1"]);
  // Its dependencies, as a registry would bring them beside it.
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    if (name !== "holdfast" && !name.startsWith("."))
      await symlink(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  }
}, 120_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

it("runs as a command", async () => {
  const { stdout } = await exec(process.execPath, [join(installed, "dist/cli/main.js"), "--version"]);
  expect(stdout).toMatch(/\d+\.\d+\.\d+/);
});

it("is a library with the operations and the error table", async () => {
  const script = join(folder, "use.mjs");
  await writeFile(
    script,
    `import * as holdfast from "holdfast";
     await using sandbox = await holdfast.startSandbox({ couchdb: {} });
     console.log(JSON.stringify({ names: Object.keys(holdfast).sort(), up: (await fetch(sandbox.url)).status }));`,
  );
  const { stdout } = await exec(process.execPath, [script]);
  const { names, up } = JSON.parse(stdout) as { names: string[]; up: number };
  for (const name of [
    "ERROR_CODES",
    "HoldfastError",
    "backup",
    "compare",
    "initRepositoryAt",
    "openWorkspace",
    "restore",
  ]) {
    expect(names).toContain(name);
  }
  expect(up).toBe(200);
});

it("holds no sources, tests or tools", async () => {
  const files = await readdir(installed, { recursive: true });
  expect(files.filter((file) => /(^|\/)(src|test|bench|tools)(\/|$)|(?<!\.d)\.ts$/.test(file))).toEqual([]);
  expect(files).toContain("dist/index.d.ts");
});
