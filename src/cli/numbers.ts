/**
 * Numbers of the command line.
 */
import { InvalidArgumentError } from "commander";

const HIGHEST_PORT = 65_535;

/** A whole number from 1. */
export function positiveNumber(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return count;
}

/** A port; 0 lets the system choose. */
export function portNumber(text: string): number {
  const port = Number(text);
  if (text.trim() === "" || !Number.isInteger(port) || port < 0 || port > HIGHEST_PORT) {
    throw new InvalidArgumentError(`It must be a port number, 0 to ${HIGHEST_PORT}.`);
  }
  return port;
}
