/**
 * What every stand-in that speaks HTTP can do wrong on demand, and how that happens around the answering of a request.
 */
import { setTimeout as delay } from "node:timers/promises";

import type { HttpExchange } from "./exchange.ts";

/** What goes wrong. */
export type FaultAction =
  /** Answers with this status before anything is done. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly error?: string;
      /** Seconds, sent as `Retry-After`. */
      readonly retryAfter?: number;
    }
  /** Waits `ms` before anything is done. */
  | { readonly kind: "slow"; readonly ms: number }
  /** Destroys the connection, once `afterBytes` of the request's body (default none) have arrived, before anything is done. */
  | { readonly kind: "cut"; readonly afterBytes?: number }
  /** Executes the request and destroys the connection instead of answering. */
  | { readonly kind: "answer-lost" }
  /** Executes the request and destroys the connection once `bytes` of the answer's body are sent. */
  | { readonly kind: "answer-cut"; readonly bytes: number }
  /** Never answers. */
  | { readonly kind: "hang" };

export type FaultKind = FaultAction["kind"];

export const FAULT_KINDS: readonly FaultKind[] = [
  "status",
  "slow",
  "cut",
  "answer-lost",
  "answer-cut",
  "hang",
];

/** Lets the faults act that come before anything is done. False: nothing is left to do. */
export async function survivesFaults(exchange: HttpExchange): Promise<boolean> {
  if (exchange.fault("hang") !== undefined) return false;
  const slow = exchange.fault("slow");
  if (slow !== undefined) await delay(slow.ms);
  const cut = exchange.fault("cut");
  if (cut === undefined) return true;
  await readSome(exchange, cut.afterBytes ?? 0);
  exchange.cut();
  return false;
}

/** The headers of an answer that a `status` fault asks for. */
export function faultHeaders(fault: Extract<FaultAction, { kind: "status" }>): Record<string, string> {
  return fault.retryAfter === undefined ? {} : { "Retry-After": String(fault.retryAfter) };
}

async function readSome(exchange: HttpExchange, bytes: number): Promise<void> {
  let missing = bytes;
  if (missing <= 0) return;
  for await (const chunk of exchange.bodyChunks()) {
    missing -= chunk.length;
    if (missing <= 0) return;
  }
}
