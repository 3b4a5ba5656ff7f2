/**
 * The table of calls: method, pattern and handler. Patterns begin with a slash, ignore case, and may end a segment as in `{id}:copyTo`.
 */
import type { CallRow, Parameters } from "../http/path-patterns.ts";
import { segmentPatterns } from "../http/path-patterns.ts";
import type { FormExchange } from "./exchange.ts";

export interface FormRoute extends CallRow {
  /** Such as `/formrecognizer/v2.1/custom/models/{id}`; also the call's name in the journal. */
  readonly pattern: string;
  readonly handler: (
    exchange: FormExchange,
    params: Readonly<Record<string, string>>,
  ) => void | Promise<void>;
  /** Opens the call to requests that the resource's own credentials do not open. Absent: to none. */
  readonly alsoFor?: (exchange: FormExchange, params: Readonly<Record<string, string>>) => boolean;
}

/** One row of the table. The handler answers through the exchange, or throws a `FormError`. */
export function formRoute<const Pattern extends `/${string}`>(
  method: string,
  pattern: Pattern,
  handler: (exchange: FormExchange, params: Parameters<Pattern>) => void | Promise<void>,
  alsoFor?: (exchange: FormExchange, params: Parameters<Pattern>) => boolean,
): FormRoute {
  return {
    method,
    pattern,
    segments: segmentPatterns(pattern.slice(1)),
    // The pattern's names are exactly the ones that matching fills in.
    handler,
    ...(alsoFor === undefined ? {} : { alsoFor }),
  };
}
