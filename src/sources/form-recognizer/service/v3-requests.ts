/**
 * Bodies of the requests that make models and classifiers, v3.0 and later.
 */
import type { BuildRequest, ComposeRequest } from "./face.ts";
import type { V3Version } from "./v3.ts";

export function buildBody(request: BuildRequest): string {
  const { id, description, tags, container, prefix } = request;
  if (request.kind === "models") {
    return JSON.stringify({
      modelId: id,
      description,
      buildMode: request.buildMode,
      azureBlobSource: blobSource(container, prefix),
      tags,
    });
  }
  const docTypes = Object.entries(request.docTypes ?? {}).map(
    ([name, { prefix: below, fileList }]) =>
      [
        name,
        fileList === undefined
          ? { azureBlobSource: blobSource(container, below) }
          : { azureBlobFileListSource: { containerUrl: container, fileList } },
      ] as const,
  );
  return JSON.stringify({ classifierId: id, description, docTypes: Object.fromEntries(docTypes) });
}

/** v4 composes by classifier and document type, earlier versions by a list of models. */
export function composeBody(request: ComposeRequest, version: V3Version): string {
  const { id, description, tags, components, classifier, docTypes, split } = request;
  return JSON.stringify(
    version === "2024-11-30"
      ? { modelId: id, description, classifierId: classifier, split, docTypes, tags }
      : { modelId: id, description, componentModels: components.map((modelId) => ({ modelId })), tags },
  );
}

function blobSource(containerUrl: string, prefix: string): { containerUrl: string; prefix?: string } {
  return prefix === "" ? { containerUrl } : { containerUrl, prefix };
}
