/**
 * Ctrl-C and its kin: the first asks the command to stop cleanly, the second ends it at once.
 */
import { ERROR_CODES } from "../model/error-codes.ts";
import { HoldfastError } from "../model/errors.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A signal for operations that fires with the process's first one. `say` tells the person that it was heard. */
export function processSignal(say: (text: string) => void): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(ERROR_CODES.interrupted.exit);
      controller.abort(new HoldfastError("interrupted", `The command was stopped by ${name}.`));
      say("stopping cleanly; once more to stop at once");
    });
  }
  return controller.signal;
}
