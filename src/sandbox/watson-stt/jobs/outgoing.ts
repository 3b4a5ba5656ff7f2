/**
 * Requests that the service makes itself, to callbacks: one attempt, a deadline for everything, no redirects, and never more of an
 * answer than is needed.
 */
import type { IncomingMessage } from "node:http";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

export interface OutgoingRequest {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** For the whole exchange, ms. */
  readonly timeoutMs: number;
  /** What the answer may have at most; what follows is not read. */
  readonly maxAnswerBytes: number;
}

export interface OutgoingAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** The receiver did not answer in time. */
export class CallbackTimeout extends Error {}

/** Rejects with `CallbackTimeout`, or with the connection's error. */
export async function send(url: URL, outgoing: OutgoingRequest): Promise<OutgoingAnswer> {
  const signal = AbortSignal.timeout(outgoing.timeoutMs);
  try {
    return await exchange(url, outgoing, signal);
  } catch (error) {
    if (signal.aborted) throw new CallbackTimeout(`no answer within ${outgoing.timeoutMs} ms`);
    throw error;
  }
}

async function exchange(url: URL, outgoing: OutgoingRequest, signal: AbortSignal): Promise<OutgoingAnswer> {
  const { method, headers, body, maxAnswerBytes } = outgoing;
  const make = url.protocol === "https:" ? requestHttps : requestHttp;
  const length = body === undefined ? {} : { "Content-Length": String(body.length) };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    // A connection of its own: none stays open when the receiver or the stand-in closes.
    const request = make(url, { method, headers: { ...headers, ...length }, agent: false, signal });
    request.on("response", resolve).on("error", reject);
    request.end(body);
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    // Leaving the loop closes the connection.
    if (size > maxAnswerBytes) break;
  }
  return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks).subarray(0, maxAnswerBytes + 1) };
}
