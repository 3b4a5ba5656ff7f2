/**
 * Credentials that the service hands out for a while: obtained at first use, renewed before they run out, and by one
 * request only however many are waiting for it.
 */
import type { Clock, Millis } from "../../model/clock.ts";
import type { Authorizer } from "./http-client.ts";

export interface IssuedCredential {
  readonly headers: Readonly<Record<string, string>>;
  readonly lifetimeMs: Millis;
}

/** Renewed at this share of its life, so that no request leaves with one that dies on the way. */
const RENEW_AT = 0.8;

export function renewedCredential(
  issue: (signal: AbortSignal) => Promise<IssuedCredential>,
  clock: Clock,
): Authorizer {
  let issuing: Promise<Current> | undefined;
  let current: Current | undefined;

  const obtain = async (signal: AbortSignal): Promise<Current> => {
    const askedAt = clock.now();
    const issued = await issue(signal);
    current = { headers: issued.headers, renewAt: askedAt + issued.lifetimeMs * RENEW_AT };
    return current;
  };
  const renewOnce = async (signal: AbortSignal): Promise<Current> => {
    issuing ??= obtain(signal).finally(() => {
      issuing = undefined;
    });
    return await issuing;
  };

  return {
    async headers(signal) {
      const usable =
        current !== undefined && clock.now() < current.renewAt ? current : await renewOnce(signal);
      return usable.headers;
    },
    async renew(signal) {
      await renewOnce(signal);
      return true;
    },
  };
}

interface Current {
  readonly headers: Readonly<Record<string, string>>;
  readonly renewAt: Millis;
}
