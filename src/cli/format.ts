/**
 * Numbers, sizes, times and names as people read them. JSON output never passes through here.
 */
import type { Millis } from "../model/clock.ts";

const KIB = 1024;
const SIZE_UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"];
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** `0 B`, `812 B`, `1.2 KiB`, `34 MiB`. */
export function sizeText(bytes: number): string {
  if (bytes < KIB) return `${Math.round(bytes)} B`;
  let value = bytes / KIB;
  let unit = 0;
  // What would round to 1024 of one unit is shown as 1.0 of the next.
  while (value >= KIB - 0.5 && unit < SIZE_UNITS.length - 1) [value, unit] = [value / KIB, unit + 1];
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${SIZE_UNITS[unit]}`;
}

/** `1,204,311`. */
export function countText(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 item`, `2 items`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** `340 ms`, `4.2 s`, `3 min 05 s`, `2 h 14 min`. */
export function durationText(ms: number): string {
  if (ms < SECOND_MS - 0.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < MINUTE_MS - 500) return `${Math.round(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS - 500) {
    const seconds = Math.round(ms / SECOND_MS);
    return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  }
  const minutes = Math.round(ms / MINUTE_MS);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** A time of a report, ISO 8601 UTC in whole seconds; `–` where there is none. */
export function timeText(iso: string | null | undefined): string {
  return iso === null || iso === undefined ? "–" : iso.replace(/\.\d+Z$/, "Z");
}

/** As `timeText`, from milliseconds. */
export function instantText(at: Millis): string {
  return timeText(new Date(at).toISOString());
}

const CONTROL = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

/**
 * A foreign text for one line of a terminal: control characters, which could move the cursor or hide text, and
 * characters that reverse the writing direction are shown as `\u….`.
 */
export function visible(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The text in at most `width` characters, its end replaced by `…` where it is longer. */
export function shortened(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** Breaks a text at blanks into lines of at most `width` characters; existing line breaks stay. */
export function wrapped(text: string, width: number): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const lines: string[] = [];
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    return [...lines, line];
  });
}
