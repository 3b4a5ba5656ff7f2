/**
 * One request to a Watson stand-in and its answer: the address taken apart, and what the services read from and put into headers.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

import { randomHex } from "../../model/clock.ts";
import type { Headers } from "../http/exchange.ts";
import { HttpExchange, parseObject } from "../http/exchange.ts";
import type { Address } from "./address.ts";
import { WatsonError, badRequest, noSuchRoute } from "./errors.ts";
import type { FaultAction } from "./faults.ts";

/** Bytes of the random transaction id that an answer carries when its request brought none. */
const TRANSACTION_BYTES = 16;
const TRANSACTION_HEADER = "X-Global-Transaction-Id";

export class Exchange extends HttpExchange {
  readonly address: Address;
  readonly instance: string;
  readonly query: URLSearchParams;
  readonly transactionId: string;
  protected readonly jsonType = "application/json;charset=utf-8";

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    address: Address,
    faults: readonly FaultAction[],
  ) {
    super(request, response, faults);
    this.address = address;
    this.instance = address.instance;
    this.query = address.query;
    this.transactionId = this.header("x-global-transaction-id") ?? randomHex(TRANSACTION_BYTES);
  }

  /** The service's URL as the caller wrote it: everything in front of `/v1/`. */
  get serviceUrl(): string {
    return this.origin + this.address.prefix;
  }

  /** The label that `X-Watson-Metadata` gives the data of this request. */
  get customerId(): string | undefined {
    return /(?:^|;)\s*customer_id=([^;=]*)/.exec(this.header("x-watson-metadata") ?? "")?.[1];
  }

  override refusal(status: number, reason: string, headers: Headers = {}): WatsonError {
    return status === 404 ? noSuchRoute() : new WatsonError(status, reason, { headers });
  }

  async form(): Promise<URLSearchParams> {
    return new URLSearchParams((await this.body()).toString("utf8"));
  }

  protected override standardHeaders(): Headers {
    return { "Cache-Control": "no-store", [TRANSACTION_HEADER]: this.transactionId };
  }
}

/** Throws 400 for anything but a JSON object in UTF-8. */
export function objectOf(bytes: Buffer): Record<string, unknown> {
  return parseObject(bytes, badRequest);
}
