/**
 * Registering and unregistering callbacks: the challenge, the limit of an hour, and the answer for an address that is known already.
 */
import type { Clock } from "../../../model/clock.ts";
import { WatsonError, badRequest, missingParameter, notFound } from "../../watson/errors.ts";
import type { CallbackStore } from "./callback-store.ts";
import { REGISTRATION_LIMIT } from "./callback-store.ts";
import { challenge } from "./challenge.ts";
import type { CallbackHmac } from "./signature.ts";

/** How long a callback may take to answer, ms (the service's own limit). */
export const CALLBACK_TIMEOUT_MS = 5000;

const TOO_MANY_REQUESTS = 429;

export interface RegistrationsOptions {
  readonly callbacks: CallbackStore;
  readonly clock: Clock;
  readonly hmac: CallbackHmac;
  readonly timeoutMs: number;
}

export interface RegistrationRequest {
  readonly instance: string;
  readonly url: string | undefined;
  readonly secret: string | undefined;
  readonly customer: string | undefined;
}

export interface RegistrationAnswer {
  readonly status: "created" | "already created";
  readonly url: string;
}

export class Registrations {
  readonly #options: RegistrationsOptions;

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  /** An address that is registered already keeps the secret it has. Throws 400 when the challenge fails, 429 over the limit. */
  async register(request: RegistrationRequest): Promise<RegistrationAnswer> {
    const { callbacks, clock, hmac, timeoutMs } = this.#options;
    const { instance, secret, customer } = request;
    const url = requiredUrl(request.url);
    if (callbacks.find(instance, url) !== undefined) return { status: "already created", url };
    this.#limit(instance);
    const refusal = await challenge({ url, secret, hmac, timeoutMs });
    if (refusal !== undefined) throw badRequest(refusal);
    // Another request may have been as quick.
    if (callbacks.find(instance, url) !== undefined) return { status: "already created", url };
    this.#limit(instance);
    callbacks.add(instance, { url, secret }, customer, clock.now());
    return { status: "created", url };
  }

  /** Throws 404 for an address that is not registered. */
  unregister(instance: string, given: string | undefined): void {
    const url = requiredUrl(given);
    if (!this.#options.callbacks.remove(instance, url)) {
      throw notFound(`callback url '${url}' is not registered`);
    }
  }

  #limit(instance: string): void {
    const { callbacks, clock } = this.#options;
    if (callbacks.isExhausted(instance, clock.now())) {
      throw new WatsonError(
        TOO_MANY_REQUESTS,
        `more than ${REGISTRATION_LIMIT} callback urls were registered within an hour`,
      );
    }
  }
}

/** Throws 400 for an address that is missing or cannot be called. */
function requiredUrl(text: string | undefined): string {
  if (text === undefined) throw missingParameter("callback_url");
  if (text === "") throw badRequest("Required parameter 'callback_url' cannot be empty string");
  const protocol = URL.canParse(text) ? new URL(text).protocol : "";
  if (protocol !== "http:" && protocol !== "https:") {
    throw badRequest(`unable to register callback url '${text}', it is not an address that can be called`);
  }
  return text;
}
