/**
 * The address of a service, split so that credentials written into it can never be shown again.
 */
import { HoldfastError } from "../../model/errors.ts";

export interface ServiceAddress {
  /** Scheme, host and port: what a connection needs. */
  readonly origin: string;
  /** Path before every request's own path, without a trailing slash. */
  readonly prefix: string;
  /** Origin and prefix, fit for messages. */
  readonly shown: string;
  /** User name and password that stood in the address. */
  readonly userInfo: { readonly username: string; readonly password: string } | undefined;
}

/** Reads an `http:` or `https:` address. The text itself is never quoted: it may hold a password. */
export function parseServiceAddress(text: string): ServiceAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new HoldfastError("config-invalid", "the source's url is not an address");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new HoldfastError("config-invalid", "the source's url must begin with http:// or https://");
  }
  const prefix = url.pathname.replace(/\/+$/, "");
  return {
    origin: url.origin,
    prefix,
    shown: url.origin + prefix,
    userInfo:
      url.username === ""
        ? undefined
        : { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) },
  };
}
