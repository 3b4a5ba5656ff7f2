/**
 * Strings and numbers as CouchDB's JSON library (jiffy 1.1) writes them.
 */

/** The text is not JSON that CouchDB would accept. */
export class InvalidJson extends Error {
  constructor() {
    super("invalid UTF-8 JSON");
    this.name = "InvalidJson";
  }
}

const SMALLEST_NORMAL = 2.2250738585072014e-308;

/** How the character after a backslash is written back. */
export const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "/",
  b: "\\b",
  f: "\\f",
  n: "\\n",
  r: "\\r",
  t: "\\t",
};

/** A float token as CouchDB 3.5 writes it back: `1E5` → `100000.0`, `-0.0` → `0.0`, `5e-324` → `0.0`. */
export function floatText(token: string, hasFraction: boolean, exponent: string | undefined): string {
  const complete = exponent !== undefined && /[+-]$/.test(exponent) ? `${token}0` : token;
  let value = Number(complete);
  const tiny = Math.abs(value) < SMALLEST_NORMAL && /[1-9]/.test(complete.split(/[eE]/)[0] ?? "");
  if (!hasFraction && exponent !== undefined && (tiny || token.length >= 32)) {
    // jiffy hands what strtod calls out of range, and any long token, to Erlang, which multiplies by a power of ten.
    const [mantissa = "", power = ""] = complete.split(/[eE]/);
    value = (Number(mantissa) || 0) * 10 ** Number(power);
  }
  if (!Number.isFinite(value)) throw new InvalidJson();
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** One UTF-16 unit that was written as `\\u` and four digits. */
export function escapeUnit(unit: number): string {
  switch (unit) {
    case 0x22:
      return '\\"';
    case 0x5c:
      return "\\\\";
    case 0x08:
      return "\\b";
    case 0x0c:
      return "\\f";
    case 0x0a:
      return "\\n";
    case 0x0d:
      return "\\r";
    case 0x09:
      return "\\t";
    default:
      return unit < 0x20
        ? `\\u${unit.toString(16).toUpperCase().padStart(4, "0")}`
        : String.fromCharCode(unit);
  }
}

/** A string as CouchDB writes it. */
export function quote(text: string): string {
  const quoted = JSON.stringify(text);
  if (!quoted.includes("\\u")) return quoted;
  return quoted.replaceAll(/\\(?:u00([01][0-9a-f])|.)/g, (escape, hex: string | undefined) =>
    hex === undefined ? escape : `\\u00${hex.toUpperCase()}`,
  );
}

/** The string that a normalised string token stands for. */
export function unquote(token: string): string {
  return token.includes("\\") ? (JSON.parse(token) as string) : token.slice(1, -1);
}
