/**
 * Options by which restore and compare choose items.
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { HoldfastError } from "../model/errors.ts";

export interface ScopeOptions {
  readonly id?: string[];
  readonly idsFile?: string;
  readonly prefix?: string;
  readonly partition?: string;
  readonly selector?: string;
  readonly all?: boolean;
}

export interface ChosenScope {
  readonly items?: readonly string[];
  readonly prefix?: string;
  readonly partition?: string;
  readonly selector?: object;
}

const FLAGS: Readonly<Record<keyof ScopeOptions, string>> = {
  id: "--id",
  idsFile: "--ids-file",
  prefix: "--prefix",
  partition: "--partition",
  selector: "--selector",
  all: "--all",
};

export function addScopeOptions(command: Command): Command {
  return command
    .option("--id <key...>", "these items")
    .option("--ids-file <file>", "the items in this file, one key on each line")
    .option("--prefix <text>", "items whose key begins so")
    .option("--partition <name>", "items of this partition")
    .option("--selector <json>", "items that match this Mango selector; @FILE reads it from a file")
    .option("--all", "every item");
}

/**
 * What the options choose; `{}` is everything.
 * Errors: `usage` when none or several are given (`id` and `ids-file` go together), or one cannot be read.
 */
export async function chosenScope(options: ScopeOptions, cwd: string): Promise<ChosenScope> {
  const given = (Object.keys(FLAGS) as (keyof ScopeOptions)[]).filter((name) => options[name] !== undefined);
  const kinds = new Set(given.map((name) => (name === "idsFile" ? "id" : name)));
  if (kinds.size === 0) {
    throw new HoldfastError(
      "usage",
      "Say which items: --id, --ids-file, --prefix, --partition, --selector, or --all for every one.",
    );
  }
  if (kinds.size > 1) {
    throw new HoldfastError(
      "usage",
      `${given.map((name) => FLAGS[name]).join(" and ")} do not go together: give one.`,
    );
  }
  if (options.id !== undefined || options.idsFile !== undefined) {
    const listed = options.idsFile === undefined ? [] : await keysIn(resolve(cwd, options.idsFile));
    return { items: [...new Set([...(options.id ?? []), ...listed])] };
  }
  if (options.prefix !== undefined) return { prefix: options.prefix };
  if (options.partition !== undefined) return { partition: options.partition };
  if (options.selector !== undefined) return { selector: await selectorOf(options.selector, cwd) };
  return {};
}

async function keysIn(path: string): Promise<string[]> {
  const text = await readText(path, "--ids-file");
  const keys = text.split("\n").map((line) => line.replace(/\r$/, ""));
  const named = keys.filter((key) => key !== "");
  if (named.length === 0) throw new HoldfastError("usage", `The file ${path} names no item.`, { path });
  return named;
}

async function selectorOf(text: string, cwd: string): Promise<object> {
  const json = text.startsWith("@") ? await readText(resolve(cwd, text.slice(1)), "--selector") : text;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HoldfastError("usage", `--selector takes a JSON object such as '{"type":"order"}', or @FILE.`);
  }
  return value;
}

async function readText(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new HoldfastError("usage", `${flag}: the file ${path} cannot be read (${code}).`, { path });
  }
}
