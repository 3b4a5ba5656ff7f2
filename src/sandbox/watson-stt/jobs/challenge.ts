/**
 * The handshake of a registration: the service sends a challenge to the callback, signed when there is a secret, and takes the callback
 * only if the very same text comes back in time.
 */
import { randomBytes } from "node:crypto";

import { CallbackTimeout, send } from "./outgoing.ts";
import type { CallbackHmac } from "./signature.ts";
import { sign } from "./signature.ts";

/** Characters of a challenge (the specification's example). */
const CHALLENGE_LENGTH = 16;
const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const OK = 200;

export interface Challenge {
  readonly url: string;
  readonly secret: string | undefined;
  readonly hmac: CallbackHmac;
  readonly timeoutMs: number;
}

/** Undefined when the callback answered as it must; else why it is not registered. */
export async function challenge(asked: Challenge): Promise<string | undefined> {
  const text = challengeText();
  const refusal = `unable to register callback url '${asked.url}'`;
  try {
    const { status, body } = await send(challengeUrl(asked.url, text), {
      method: "GET",
      headers: {
        Accept: "text/plain",
        ...(asked.secret === undefined
          ? {}
          : { "X-Callback-Signature": sign(asked.hmac, asked.secret, text) }),
      },
      timeoutMs: asked.timeoutMs,
      maxAnswerBytes: CHALLENGE_LENGTH,
    });
    if (status !== OK) return `${refusal}, callback server responded with status code ${status}`;
    if (body.toString("utf8") !== text) {
      return `${refusal}, callback server did not respond with the challenge string`;
    }
    return undefined;
  } catch (error) {
    if (error instanceof CallbackTimeout) {
      return `${refusal}, callback server did not respond within ${asked.timeoutMs} ms`;
    }
    return `${refusal}, callback server could not be reached`;
  }
}

/** The address as it was given, with one more query parameter. */
function challengeUrl(url: string, text: string): URL {
  const target = new URL(url);
  target.search = `${target.search === "" ? "?" : `${target.search}&`}challenge_string=${text}`;
  return target;
}

function challengeText(): string {
  // A bias of a few percent between letters does no harm here.
  return Array.from(randomBytes(CHALLENGE_LENGTH), (byte) => ALPHANUMERIC[byte % ALPHANUMERIC.length]).join(
    "",
  );
}
