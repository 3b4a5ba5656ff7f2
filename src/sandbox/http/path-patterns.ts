/**
 * Patterns of paths such as `/customizations/{id}/words/{word}` or `/models/{id}:copyTo`, and which row of a table of calls a request means.
 */

/** The names in braces of a pattern. */
type ParameterNames<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;

/** Path parameters, decoded once. */
export type Parameters<Pattern extends string> = Readonly<Record<ParameterNames<Pattern>, string>>;

/** One segment of a pattern: a literal, or a parameter with a literal end. */
export interface SegmentPattern {
  readonly name?: string;
  /** The literal, or what follows the parameter in the same segment; may be empty. */
  readonly text: string;
}

/** The segments of a pattern's text, which has no slash in front. */
export function segmentPatterns(pattern: string): readonly SegmentPattern[] {
  return pattern.split("/").map((segment) => {
    const end = segment.indexOf("}");
    return segment.startsWith("{") && end > 0
      ? { name: segment.slice(1, end), text: segment.slice(end + 1) }
      : { text: segment };
  });
}

/** A row of a table of calls. */
export interface CallRow {
  readonly method: string;
  readonly segments: readonly SegmentPattern[];
}

export type Found<Row> =
  | { readonly route: Row; readonly params: Readonly<Record<string, string>> }
  /** The methods that the path has; empty when nobody has it. */
  | { readonly allowed: readonly string[] };

/** The first row that the path and the method mean. `ignoreCase`: of the literals; parameters stay as sent. */
export function findRow<Row extends CallRow>(
  rows: readonly Row[],
  method: string,
  segments: readonly string[],
  ignoreCase = false,
): Found<Row> {
  const allowed = new Set<string>();
  for (const row of rows) {
    const params = parametersOf(row.segments, segments, ignoreCase);
    if (params === undefined) continue;
    if (row.method === method) return { route: row, params };
    allowed.add(row.method);
  }
  return { allowed: [...allowed] };
}

function parametersOf(
  patterns: readonly SegmentPattern[],
  segments: readonly string[],
  ignoreCase: boolean,
): Record<string, string> | undefined {
  if (patterns.length !== segments.length) return undefined;
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const params: Record<string, string> = {};
  for (const [index, { name, text }] of patterns.entries()) {
    const segment = segments[index] ?? "";
    if (name === undefined) {
      if (fold(text) !== fold(segment)) return undefined;
    } else {
      const length = segment.length - text.length;
      if (text !== "" && (length <= 0 || fold(segment.slice(length)) !== fold(text))) return undefined;
      params[name] = segment.slice(0, length);
    }
  }
  return params;
}
