/**
 * Whether each model could be rebuilt from the timeline alone.
 */
import type { Readiness, VersionReader } from "../source.ts";

export async function* sttReadiness(_collection: string, _reader: VersionReader): AsyncGenerator<Readiness> {
  // Being built.
}
