/**
 * Putting an original back as a corpus or grammar, and waiting until the service has read it.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import type { RestoreOutcome, SourceContext, VersionReader } from "../../source.ts";
import { shown, type LanguageModelCalls, type Upload } from "./calls.ts";
import type { FileKind } from "./items.ts";
import type { Original } from "../../watson/captures.ts";
import type { KeptFile } from "./kept-model.ts";
import type { Resource } from "./objects.ts";
import type { Step } from "./plan.ts";
import { refusal } from "../refusal.ts";

export type FileStep = Step & { readonly kind: "file" };

export interface FileTarget {
  readonly calls: LanguageModelCalls;
  readonly id: string;
  /** Figures may be compared with the kept ones: the base model is the same. */
  readonly comparable: boolean;
  readonly reader: VersionReader;
  readonly context: SourceContext;
  /** Notes durably which content the target now has under this name. */
  readonly wrote: (file: KeptFile, original: Original) => Promise<void>;
}

/** Errors: as the calls, for what concerns more than this file. */
export async function writeFile(step: FileStep, target: FileTarget): Promise<RestoreOutcome> {
  const { file, key, action } = step;
  // The plan makes no step of a file without one.
  const original = file.original as Original;
  try {
    let found = await send(step, original, target, action === "change");
    if (found?.status === "undetermined" && file.resource.status !== "undetermined") {
      found = await send(step, original, target, true);
    }
    if (found === undefined) return { key, action: "failed", reason: "it was gone after it had been added" };
    if (found.status !== "analyzed" && found.status !== file.resource.status) {
      return { key, action: "failed", reason: found.error === "" ? `it is ${found.status}` : found.error };
    }
    await target.wrote(file, original);
    if (target.comparable && found.totalWords !== file.resource.totalWords) {
      target.context.warn?.(
        `The ${shown(file.kind)} "${file.resource.name}" has ${found.totalWords} words now and had ${file.resource.totalWords}: ` +
          `its original (${original.note.evidence}, ${original.note.at}) may not be what the service held.`,
        key.toString("utf8"),
      );
    }
    return { key, action };
  } catch (error) {
    return { key, action: "failed", reason: refusal(error) };
  }
}

async function send(
  { file }: FileStep,
  original: Original,
  { calls, id, reader }: FileTarget,
  overwrites: boolean,
): Promise<Resource | undefined> {
  const { kind, resource } = file;
  const { note, content } = original;
  const upload: Upload = {
    kind,
    name: resource.name,
    content: { length: content.length, open: () => reader.blob(content) },
    contentType: await contentTypeOf(kind, original, reader),
    customer: note.customer,
  };
  try {
    await calls.upload(id, upload, overwrites);
  } catch (error) {
    if (overwrites || !isHoldfastError(error, "source-unreachable")) throw error;
    // It may have arrived or not: sent again it replaces itself.
    await calls.upload(id, upload, true);
  }
  return await calls.analysed(id, kind, resource.name);
}

/** As it was sent, unless that was a client's guess: then as the content says. */
async function contentTypeOf(
  kind: FileKind,
  { note, content }: Original,
  reader: VersionReader,
): Promise<string> {
  const sent = note.contentType ?? "";
  if (kind === "corpora") return sent.startsWith("text/plain") ? sent : "text/plain";
  if (sent.startsWith("application/srgs")) return sent;
  for await (const piece of reader.blob(content)) {
    const start = piece.toString("utf8").trimStart();
    if (start !== "") return start.startsWith("<") ? "application/srgs+xml" : "application/srgs";
  }
  return "application/srgs";
}
