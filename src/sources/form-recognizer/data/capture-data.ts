import type { CaptureEngine, SourceContext } from "../../source.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { DataSetConfig } from "../config.ts";
import type { Container } from "./face.ts";

/** What a run remembers of one data set for the next one. */
export interface DataSetMemory {
  /** SHA-256 over sorted `name NUL etag LF` of the whole listing: the generation. */
  readonly generation: string;
  readonly files: number;
}

/** The whole of one data set: versions of every file that the timeline does not have in this state, and tombstones. */
export async function* captureDataSet(
  _set: DataSetConfig,
  _container: Container,
  _engine: CaptureEngine,
  _context: SourceContext,
): AsyncGenerator<readonly CapturedVersion[], DataSetMemory> {
  throw new Error("being written");
}
