/**
 * The observations of a segment, each once: records name them by number.
 */
import type { Observation } from "../../model/version.ts";

export class ObservationTable {
  readonly list: Observation[] = [];
  readonly #ordinals = new Map<string, number>();
  #recent: Observation | undefined;
  #recentOrdinal = 0;

  ordinalOf(observation: Observation): number {
    // Versions of one answer share one object.
    if (observation === this.#recent) return this.#recentOrdinal;
    const name = `${observation.run} ${observation.at} ${observation.sequence}`;
    let ordinal = this.#ordinals.get(name);
    if (ordinal === undefined) {
      ordinal = this.list.length;
      this.list.push(observation);
      this.#ordinals.set(name, ordinal);
    }
    this.#recent = observation;
    this.#recentOrdinal = ordinal;
    return ordinal;
  }
}
