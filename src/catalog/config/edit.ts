/**
 * Edits of the configuration file by commands. Comments and order stay; the new text is checked before it replaces the
 * old one in a single step, so a refused edit changes nothing.
 */
import { mkdir, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Document, isMap, isScalar } from "yaml";
import { randomHex } from "../../model/clock.ts";
import { errorText, HoldfastError } from "../../model/errors.ts";
import { parseEdited, type ConfigDocument, type MemberPath } from "./document.ts";

/** New files are for their owner only: references tell where secrets lie. */
const NEW_FILE_MODE = 0o600;

const PERMISSION_BITS = 0o7777;

const HEADER =
  " Holdfast configuration. Members: docs/reference/config.schema.json; explained: holdfast config show --origin.";

/** One change: a member set to a plain value, or removed when `value` is undefined. */
export interface ConfigEdit {
  readonly member: MemberPath;
  readonly value: unknown;
}

/**
 * Applies edits to the file at `path`; `document` is the file as it was read, undefined when there is none yet.
 * Errors: `usage` when the result does not fit the schema, `config-invalid` when it cannot be written; the file is then
 * as before.
 */
export async function editConfig(
  path: string,
  document: ConfigDocument | undefined,
  edits: readonly ConfigEdit[],
): Promise<ConfigDocument> {
  const yaml = document ? document.yaml.clone() : new Document({});
  if (!document) yaml.commentBefore = HEADER;
  for (const { member, value } of edits) {
    if (value === undefined) yaml.deleteIn(member);
    else setMember(yaml, member, value);
  }
  const text = yaml.toString({ lineWidth: 0 });
  const checked = parseEdited(text, path);
  await replaceFile(path, text);
  return checked;
}

function setMember(yaml: Document, member: MemberPath, value: unknown): void {
  // A member that is there without a value (`sources:`) is a null, which cannot take members of its own.
  for (let length = 0; length < member.length; length++) {
    const parent = member.slice(0, length);
    const node = yaml.getIn(parent, true);
    // Nor is an empty mapping on one line (`{}`) kept in that form: what comes into it would be hard to read.
    if (isMap(node) && node.items.length === 0) node.flow = false;
    else if (node === undefined || node === null || (isScalar(node) && node.value === null)) {
      if (length === 0) yaml.contents = yaml.createNode({});
      else yaml.setIn(parent, yaml.createNode({}));
    }
  }
  yaml.setIn(member, yaml.createNode(value));
}

async function replaceFile(path: string, text: string): Promise<void> {
  let temporary: string | undefined;
  try {
    await mkdir(dirname(path), { recursive: true });
    // A symbolic link stays one: its target is what is replaced.
    const target = await realpath(path).catch(() => path);
    const mode = await stat(target).then(
      (found) => found.mode & PERMISSION_BITS,
      () => NEW_FILE_MODE,
    );
    temporary = join(dirname(target), `.holdfast-${randomHex(8)}.tmp`);
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true });
    throw new HoldfastError(
      "config-invalid",
      `Could not write the configuration file ${path}: ${errorText(error)}.`,
      { path },
      error,
    );
  }
}
