/**
 * Faults that wait for a request that they match and then act a given number of times. What a fault does is the stand-in's affair; this
 * list only knows whose turn it is.
 */

/** Which requests a fault is for; absent members match all. */
export interface RequestMatch {
  readonly method?: string;
  /** Regular expression on the path with its query, as sent. */
  readonly path?: string;
}

/** When a fault acts. */
export interface FaultTiming<Match extends RequestMatch> {
  readonly match?: Match;
  /** Matching requests that pass before it acts; 0 by default. */
  readonly after?: number;
  /** How often it acts; without end by default. */
  readonly times?: number;
}

interface Armed<Fault> {
  readonly fault: Fault;
  readonly path: RegExp | null;
  seen: number;
  acted: number;
}

/** The faults of one server. */
export class FaultList<
  Action extends { readonly kind: string },
  Match extends RequestMatch,
  Fault extends Action & FaultTiming<Match> = Action & FaultTiming<Match>,
> {
  readonly #kinds: ReadonlySet<string>;
  readonly #refusal: (reason: string) => Error;
  #armed = new Map<number, Armed<Fault>>();
  #next = 1;

  /** `refusal` makes the error for a fault that cannot be added. */
  constructor(kinds: ReadonlySet<string>, refusal: (reason: string) => Error) {
    this.#kinds = kinds;
    this.#refusal = refusal;
  }

  /** Adds a fault and returns its number. Throws the refusal for an unknown kind or a bad expression. */
  add(fault: Fault): number {
    if (!this.#kinds.has(fault.kind)) throw this.#refusal(`unknown fault kind ${fault.kind}`);
    let path: RegExp | null = null;
    try {
      path = fault.match?.path === undefined ? null : new RegExp(fault.match.path);
    } catch {
      throw this.#refusal(`bad regular expression ${fault.match?.path ?? ""}`);
    }
    const number = this.#next++;
    this.#armed.set(number, { fault, path, seen: 0, acted: 0 });
    return number;
  }

  remove(number: number): boolean {
    return this.#armed.delete(number);
  }

  clear(): void {
    this.#armed.clear();
  }

  /** All faults with how often each has acted. */
  list(): { readonly number: number; readonly fault: Fault; readonly acted: number }[] {
    return [...this.#armed].map(([number, { fault, acted }]) => ({ number, fault, acted }));
  }

  /** The faults that act on this request; asking counts as the request. `matches` decides about the stand-in's own members. */
  protected acting(method: string, path: string, matches: (match: Match) => boolean): Fault[] {
    const acting: Fault[] = [];
    for (const armed of this.#armed.values()) {
      const { match, after, times } = armed.fault;
      if (match?.method !== undefined && match.method.toUpperCase() !== method) continue;
      if (match !== undefined && !matches(match)) continue;
      if (armed.path !== null && !armed.path.test(path)) continue;
      if (armed.seen++ < (after ?? 0)) continue;
      if (armed.acted >= (times ?? Number.POSITIVE_INFINITY)) continue;
      armed.acted++;
      acting.push(armed.fault);
    }
    return acting;
  }
}
