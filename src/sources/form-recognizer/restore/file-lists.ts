/**
 * Files that list the documents of a document type: they name them as they were called in their own container, and elsewhere they must name
 * them as they are called there.
 */
import type { TrainingNote } from "../data/face.ts";
import type { KeptFile } from "./kept-training.ts";
import type { FormRestore } from "./run.ts";

/** Names of the file lists of a training. */
export function listsOf({ docTypes = {} }: TrainingNote): ReadonlySet<string> {
  return new Set(Object.values(docTypes).flatMap(({ fileList }) => fileList ?? []));
}

/** The list as it must be in a container where the names of its files begin with `base`. */
export async function fileListFor(
  { request }: FormRestore,
  { content }: KeptFile,
  base: string,
): Promise<{ readonly length: number; readonly type: string; readonly open: () => AsyncIterable<Buffer> }> {
  const pieces: Buffer[] = [];
  for await (const piece of request.reader.blob(content)) pieces.push(piece);
  const text = Buffer.concat(pieces).toString("utf8");
  const lines = text.split("\n").map((line) => renamed(line, base));
  const list = Buffer.from(lines.join("\n"), "utf8");
  return {
    length: list.length,
    type: "application/jsonl",
    async *open() {
      yield list;
    },
  };
}

/** Each line is an object whose member `file` is a name. */
function renamed(line: string, base: string): string {
  if (line.trim() === "") return line;
  const entry = JSON.parse(line) as { readonly file?: unknown };
  return typeof entry.file === "string" ? JSON.stringify({ ...entry, file: `${base}${entry.file}` }) : line;
}
