import type { CaptureEngine, SourceContext } from "../../source.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { DataSetConfig } from "../config.ts";
import type { ModelDetails } from "../service/face.ts";
import type { Container } from "./face.ts";

export interface OpenDataSet {
  readonly set: DataSetConfig;
  readonly container: Container;
}

/**
 * `training/…` items of one model that was met in this state for the first time: the note, and each file of the generation it was trained from.
 * Called after the data sets were captured, so the content is found by alias.
 */
export async function* tieTraining(
  _model: ModelDetails,
  _version: string,
  _sets: readonly OpenDataSet[],
  _engine: CaptureEngine,
  _context: SourceContext,
): AsyncGenerator<readonly CapturedVersion[]> {
  throw new Error("being written");
}
