/**
 * What several fakes of resources share: the tickets that were issued, and a clock.
 */
import { HoldfastError } from "../../../src/model/errors.ts";
import type { ModelRef } from "../../../src/sources/form-recognizer/keys.ts";
import type { FakeService } from "./fake-service.ts";

const SECOND_MS = 1_000;

/** A model or classifier that a fake holds. */
export interface FakeModel extends ModelRef {
  readonly status: "reserved" | "creating" | "ready" | "invalid";
  readonly name?: string;
  readonly description?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly created: string;
  /** Only v4 shows it. */
  readonly modified: string;
  readonly expires?: string;
  readonly apiVersion: string;
  readonly buildMode: string;
  readonly composed: boolean;
  readonly components: readonly string[];
  readonly classifier?: string;
  /** Members of the answer beside those above. */
  readonly content: Readonly<Record<string, unknown>>;
}

export interface FakeTicket extends ModelRef {
  readonly target: FakeService;
  readonly expires: number;
  readonly description?: string;
  readonly tags: Readonly<Record<string, string>>;
  used: boolean;
}

/** One state of an operation after another, a step for each look. */
export interface FakeOperation {
  readonly kind: string;
  readonly makes: string;
  readonly created: string;
  looks: number;
  failed?: { readonly code: string; readonly message: string };
  /** What is true when the last look is reached. */
  readonly finish: () => void;
  finished: boolean;
}

export class FakeCloud {
  /** ms UTC; tests move it. */
  now = Date.parse("2026-01-01T00:00:00Z");
  readonly tickets = new Map<string, FakeTicket>();
  #made = 0;

  /** A new number in each call: ids are made of it. */
  next(): number {
    return ++this.#made;
  }

  guid(): string {
    return `${this.next().toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
  }

  /** Whole seconds, as the service shows them. */
  stamp(at: number = this.now): string {
    return `${new Date(Math.floor(at / SECOND_MS) * SECOND_MS).toISOString().slice(0, 19)}Z`;
  }
}

/** Fails one call of a fake. `before`: nothing was done; `after`: it was done and nobody heard. */
export class FakeFaults {
  /** Every call so far, by name. */
  readonly calls: string[] = [];
  /** Every call fails so: the region is gone. */
  dead = false;
  #at = 0;
  #when: "before" | "after" = "before";
  #error: () => Error = () => unreachable();

  /** The `n`-th call from now on (1: the next one) fails, once. */
  failAt(n: number, when: "before" | "after" = "before", error: () => Error = () => unreachable()): void {
    this.#at = this.calls.length + n;
    this.#when = when;
    this.#error = error;
  }

  async call<T>(name: string, signal: AbortSignal, act: () => T): Promise<T> {
    signal.throwIfAborted();
    this.calls.push(name);
    if (this.dead) throw unreachable();
    const fails = this.calls.length === this.#at;
    if (fails && this.#when === "before") throw this.#error();
    const answer = act();
    if (fails) throw this.#error();
    return answer;
  }
}

function unreachable(): Error {
  return new HoldfastError("source-unreachable", "The fake does not answer.");
}
