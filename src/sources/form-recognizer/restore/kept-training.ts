/**
 * What is kept of a model's training data: the note, and each file of exactly the generation it was trained from.
 */
import { keyText, type ItemKey } from "../../../model/key.ts";
import type { BlobRef } from "../../../model/version.ts";
import type { VersionReader } from "../../source.ts";
import type { BlobProperties, TrainingNote } from "../data/face.ts";
import { trainingFileKey, trainingKey, type ModelRef } from "../keys.ts";
import type { KeptModel } from "./kept-model.ts";

export interface KeptTraining {
  readonly ref: ModelRef;
  readonly note: TrainingNote;
}

export interface KeptFile {
  readonly key: ItemKey;
  readonly name: string;
  readonly properties: BlobProperties;
  readonly content: BlobRef;
}

/** Or why the model cannot be trained again. Reads no content. */
export async function keptTraining(
  reader: VersionReader,
  { ref, versionKey }: KeptModel,
): Promise<KeptTraining | { readonly missing: string }> {
  const [version] = await reader.find([trainingKey(ref)]);
  const part = version?.kind === "live" ? version.parts[0] : undefined;
  if (part === undefined) {
    return { missing: "no training data is kept of it, because no data set was configured for it" };
  }
  const note = JSON.parse(part.toString("utf8")) as TrainingNote;
  if (note.version !== versionKey) {
    return { missing: "the training data that are kept belong to another training of it" };
  }
  if (note.files === 0) {
    return { missing: ["no training data are kept of it", ...note.doubts].join("; ") };
  }
  const unknown = Object.entries(note.docTypes ?? {}).filter(([, { set }]) => set === undefined);
  if (unknown.length > 0) {
    const names = unknown.map(([docType]) => docType).join(", ");
    return { missing: `no training data are kept of its document types ${names}` };
  }
  let files = 0;
  for await (const _ of keptFiles(reader, ref)) files++;
  if (files < note.files) {
    return { missing: `only ${files} of the ${note.files} files that it was trained from are kept` };
  }
  return { ref, note };
}

/** In byte order of name. */
export async function* keptFiles(reader: VersionReader, ref: ModelRef): AsyncGenerator<KeptFile> {
  const prefix = trainingFileKey(ref, "");
  for await (const versions of reader.within(prefix)) {
    for (const { kind, key, parts, blobs } of versions) {
      const [part, content] = [parts[0], blobs[0]];
      if (kind !== "live" || part === undefined || content === undefined) continue;
      const properties = JSON.parse(part.toString("utf8")) as BlobProperties;
      yield { key, name: keyText(key.subarray(prefix.length)), properties, content };
    }
  }
}
