/**
 * A local folder that stands for a container with training data.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TrainingFolder {
  readonly path: string;
  write(name: string, content: string): Promise<void>;
  /** The labels and the layout of a document: all these fields are on it. */
  label(document: string, fields: readonly string[]): Promise<void>;
  /** Documents that have all of these fields, and the list of fields. */
  labelled(documents: readonly string[], fields: Readonly<Record<string, string>>): Promise<void>;
  removeFile(name: string): Promise<void>;
  remove(): Promise<void>;
}

export async function trainingFolder(): Promise<TrainingFolder> {
  const path = await mkdtemp(join(tmpdir(), "training-"));
  const write = async (name: string, content: string): Promise<void> => {
    const file = join(path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  };
  const label = async (document: string, fields: readonly string[]): Promise<void> => {
    const value = [{ page: 1, text: document, boundingBoxes: [[0.1, 0.1, 0.2, 0.1, 0.2, 0.2, 0.1, 0.2]] }];
    const labels = fields.map((field) => ({ label: field, key: null, value }));
    await write(`${document}.labels.json`, JSON.stringify({ document, labels }));
    await write(
      `${document}.ocr.json`,
      JSON.stringify({ status: "succeeded", analyzeResult: { version: "2.1.0" } }),
    );
  };
  return {
    path,
    write,
    label,
    labelled: async (documents, fields) => {
      const list = Object.entries(fields).map(([fieldKey, fieldType]) => ({ fieldKey, fieldType }));
      await write("fields.json", JSON.stringify({ fields: list }));
      for (const document of documents) {
        await write(document, document);
        await label(document, Object.keys(fields));
      }
    },
    removeFile: async (name) => rm(join(path, name)),
    remove: async () => rm(path, { recursive: true, force: true }),
  };
}
