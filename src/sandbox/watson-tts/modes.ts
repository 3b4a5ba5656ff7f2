/**
 * What a Text to Speech stand-in pretends to be. Tests may change a mode while it runs.
 */
import type { DatabaseSync } from "node:sqlite";

import type { SandboxClock } from "../http/clock.ts";
import type { Uploads } from "../watson/uploads.ts";

export interface TtsModes {
  /** Whether prompts and speaker models may be created; `off` as on IBM Cloud since 2026-03-11. Existing ones stay usable. */
  tuneByExample: "off" | "on";
  /** `lite`: every customisation call is refused. */
  plan: "lite" | "standard";
  /** Whether the languages withdrawn in 2023 may still be used, as by old instances until then. */
  legacyLanguages: "off" | "on";
  /** Whether deleting a word or a prompt and erasing a customer's data move a model's `last_modified`; the vendor does not say. */
  lastModifiedOnDelete: "off" | "on";
  /** How long a prompt is processed, ms; 0: done by the next request. */
  promptDelayMs: number;
}

/** What the endpoints share. */
export interface TtsParts {
  readonly sqlite: DatabaseSync;
  readonly uploads: Uploads;
  readonly clock: SandboxClock;
  readonly modes: TtsModes;
}
