/**
 * Errors as people and programs read them. Anything that is not ours is shown as `internal`.
 */
import { ERROR_CODES, type ErrorCodeEntry } from "../model/error-codes.ts";
import { errorText, HoldfastError } from "../model/errors.ts";
import { visible, wrapped } from "./format.ts";
import type { ErrorLine } from "./json-types.ts";
import type { Paint } from "./style.ts";

const LABEL_WIDTH = 9;
const INDENT = "  ";

/** The error as one of ours. */
export function asHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  return new HoldfastError("internal", `Unexpected: ${errorText(error)}`, {}, error);
}

/** What is printed on stderr; the stack only with `verbose`. `help`: the command to read for mistakes of usage. */
export function errorLines(
  error: HoldfastError,
  verbose: boolean,
  paint: Paint,
  width: number,
  help = "holdfast --help",
): string {
  const entry: ErrorCodeEntry = ERROR_CODES[error.code];
  const [first = "", ...more] = error.message.split("\n").map(visible);
  const lines = [
    `${paint("red", "holdfast:")} ${paint("bold", first)}`,
    ...more.map((line) => `          ${line}`),
  ];
  if (error.code === "usage") {
    lines.push(...labelled("see", help, paint, width));
  } else {
    lines.push(
      ...labelled("meaning", entry.meaning, paint, width),
      ...labelled("lost", entry.lost, paint, width),
      ...labelled("next", entry.next, paint, width),
      ...labelled(
        "code",
        `${error.code} (exit ${error.exit}); more: holdfast explain ${error.code}`,
        paint,
        width,
      ),
    );
  }
  if (verbose) lines.push(...stackLines(error));
  return lines.join("\n");
}

/** One line of JSON for programs. */
export function errorJson(error: HoldfastError, verbose: boolean): string {
  const { meaning, lost, next, class: kind } = ERROR_CODES[error.code];
  const line: ErrorLine = {
    error: {
      code: error.code,
      message: error.message,
      meaning,
      lost,
      next,
      class: kind,
      exit: error.exit,
      context: error.context,
      ...(verbose ? { stack: stackLines(error) } : {}),
    },
  };
  return JSON.stringify(line);
}

/** A label and a text beside it, broken to the width and aligned. */
export function labelled(label: string, text: string, paint: Paint, width: number): string[] {
  const room = Math.max(30, width - INDENT.length - LABEL_WIDTH);
  return wrapped(text, room).map(
    (line, index) => `${INDENT}${paint("dim", (index === 0 ? label : "").padEnd(LABEL_WIDTH))}${line}`,
  );
}

/** Stacks of the error and of what caused it. */
function stackLines(error: HoldfastError): string[] {
  const lines: string[] = [];
  let cause: unknown = error;
  while (cause instanceof Error) {
    lines.push(...(cause.stack ?? cause.message).split("\n"));
    cause = cause.cause;
    if (cause !== undefined) lines.push("caused by:");
  }
  return lines.map(visible);
}
