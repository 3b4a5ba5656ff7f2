/**
 * Where a build takes its documents from: a container with a prefix, or a list of files in a container.
 */
import type { FormState } from "../state.ts";
import type { TrainingRequest } from "../training/training-set.ts";
import { ContainerUnreadable, openContainer } from "../training/container.ts";
import { invalidContentSource, parameterMissing } from "./errors.ts";

type Body = Readonly<Record<string, unknown>>;

export interface ContentSource {
  /** URL with its signature: not to be shown. */
  readonly container: string;
  readonly prefix: string;
  /** Name of the list in the container. */
  readonly fileList?: string;
  /** As answers show it: without the signature. */
  readonly shown: Body;
}

/** Throws 400 unless the body names exactly one source. */
export function contentSourceIn(body: Body): ContentSource {
  const blobs = body["azureBlobSource"] as Body | undefined;
  const list = body["azureBlobFileListSource"] as Body | undefined;
  if (!blobs && !list) throw parameterMissing("azureBlobSource");
  if (blobs && list) throw invalidContentSource("Specify one of azureBlobSource and azureBlobFileListSource");
  const { containerUrl, prefix, fileList } = (blobs ?? list) as Body;
  if (typeof containerUrl !== "string" || containerUrl === "") throw parameterMissing("containerUrl");
  if (!URL.canParse(containerUrl)) throw invalidContentSource("Source Uri is not valid");
  if (new URL(containerUrl).pathname.length <= 1) {
    throw invalidContentSource("Source Uri must include container path");
  }
  const plain = { containerUrl: containerUrl.split("?")[0] };
  if (blobs) {
    const wanted = typeof prefix === "string" ? prefix : "";
    const shown = { azureBlobSource: { ...plain, ...(wanted === "" ? {} : { prefix: wanted }) } };
    return { container: containerUrl, prefix: wanted, shown };
  }
  if (typeof fileList !== "string" || fileList === "") throw parameterMissing("fileList");
  return {
    container: containerUrl,
    prefix: "",
    fileList,
    shown: { azureBlobFileListSource: { ...plain, fileList } },
  };
}

/** What a training of this source is to read. Undefined when the source's list of files cannot be read. */
export async function trainingRequestOf(
  { containers }: FormState,
  { container, prefix, fileList }: ContentSource,
  labels: boolean,
): Promise<TrainingRequest | undefined> {
  const request: TrainingRequest = { container, prefix, subFolders: true, labels };
  if (fileList === undefined) return request;
  try {
    const text = (await openContainer(containers, container).read(fileList)).toString("utf8");
    return { ...request, files: text.split(/\r?\n/).flatMap((line) => fileOf(line)) };
  } catch (error) {
    if (error instanceof ContainerUnreadable || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A line such as `{"file":"a.pdf"}`; other lines name nothing. */
function fileOf(line: string): string[] {
  if (line.trim() === "") return [];
  const { file } = JSON.parse(line) as { readonly file?: unknown };
  return typeof file === "string" ? [file] : [];
}
