import type { Readiness, VersionReader } from "../source.ts";

export async function* formReadiness(_collection: string, _reader: VersionReader): AsyncGenerator<Readiness> {
  throw new Error("being written");
}
