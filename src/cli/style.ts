/**
 * Colour, sparingly: it repeats what the words say and never says anything alone.
 */
import { styleText } from "node:util";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Paints text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;

export const coloured: Paint = (style, text) =>
  text.trim() === "" ? text : styleText(style, text, { validateStream: false });

/** Whether a stream gets colour: a terminal, and nobody said no (`--no-color`, `NO_COLOR`, `TERM=dumb`). */
export function paintFor(
  stream: { readonly isTTY: boolean },
  env: Readonly<Record<string, string | undefined>>,
  allowed: boolean,
): Paint {
  const refused = !allowed || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return stream.isTTY && !refused ? coloured : plain;
}
