/**
 * Listed resources and their originals as reports show them.
 */
import type { CaptureRow } from "../reports.ts";
import type { ListedResource } from "./listing.ts";

export function captureRow(source: string, resource: ListedResource): CaptureRow {
  const { collection, uploaded, shown, original } = resource;
  const { note } = original ?? {};
  return {
    source,
    collection,
    model: modelText(resource),
    resource: uploaded,
    name: shown,
    evidence: hasOriginal(resource) ? (note?.evidence ?? null) : null,
    sha256: note?.sha256 ?? null,
    bytes: note?.length ?? null,
    ...(note?.incomplete === undefined ? {} : { problem: note.incomplete }),
  };
}

/** Whether the content is there that the service holds. */
export function hasOriginal({ original }: Pick<ListedResource, "original">): boolean {
  return original?.content !== undefined && original.note.incomplete === undefined;
}

export function modelText({ model }: Pick<ListedResource, "model">): string | null {
  return model === undefined ? null : `${model.name} [${model.id}]`;
}
