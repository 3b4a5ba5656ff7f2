/**
 * Everything the program is built with; tests give their own.
 */
import type { Clock } from "../model/clock.ts";
import type { Io } from "./io.ts";
import type { Operations } from "./operations.ts";

export interface CliDeps {
  readonly io: Io;
  readonly clock: Clock;
  readonly operations: Operations;
  /** Fires when the command is to stop cleanly. */
  readonly signal: AbortSignal;
}
