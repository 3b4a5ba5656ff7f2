/**
 * What each collection of a Speech to Text instance answers for: the operations of a source, over the shared client.
 */
import type { ItemKey } from "../../model/key.ts";
import type { CapturedVersion } from "../../model/version.ts";
import type {
  CaptureEvent,
  CaptureRequest,
  CompareEvent,
  CompareRequest,
  Readiness,
  RestoreOutcome,
  RestoreRequest,
  SourceContext,
  VersionReader,
} from "../source.ts";
import type { WatsonClient } from "../watson/client.ts";

/** See `Source` for what each promises. */
export interface SttCollection {
  capture(client: WatsonClient, request: CaptureRequest, context: SourceContext): AsyncIterable<CaptureEvent>;
  restore(
    client: WatsonClient,
    request: RestoreRequest,
    context: SourceContext,
  ): AsyncIterable<RestoreOutcome>;
  compare(client: WatsonClient, request: CompareRequest, context: SourceContext): AsyncIterable<CompareEvent>;
  readItems(
    client: WatsonClient,
    keys: readonly ItemKey[],
    context: SourceContext,
  ): Promise<(CapturedVersion | undefined)[]>;
  readiness(reader: VersionReader): AsyncIterable<Readiness>;
}
