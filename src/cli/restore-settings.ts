/**
 * `--setting name=value` of restores: switches that only the source's kind knows (docs/guide/watson.md).
 */
import { InvalidArgumentError } from "commander";

export type Setting = readonly [name: string, value: unknown];

/** The value is JSON; what is none is taken as text, so that nobody has to quote a word twice. */
export function gatherSetting(text: string, before: readonly Setting[] = []): readonly Setting[] {
  const equals = text.indexOf("=");
  const name = text.slice(0, equals);
  if (equals < 1) throw new InvalidArgumentError("Write it as name=value, such as train=true.");
  if (before.some(([other]) => other === name)) throw new InvalidArgumentError(`${name} is set twice.`);
  return [...before, [name, valueOf(text.slice(equals + 1))]];
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
