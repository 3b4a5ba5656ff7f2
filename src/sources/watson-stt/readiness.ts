/**
 * Whether each object of a collection could be rebuilt from the timeline alone.
 */
import type { Readiness, VersionReader } from "../source.ts";
import { STT_COLLECTIONS } from "./collections.ts";

export async function* sttReadiness(collection: string, reader: VersionReader): AsyncGenerator<Readiness> {
  yield* STT_COLLECTIONS.get(collection)?.readiness(reader) ?? [];
}
