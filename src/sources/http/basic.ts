/**
 * Basic authentication: the same header with every request, nothing to renew.
 */
import type { Authorizer } from "./http-client.ts";

export function basicAuthorizer(username: string, password: string): Authorizer {
  const header = `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
  return {
    headers: () => Promise.resolve({ authorization: header }),
    renew: () => Promise.resolve(false),
  };
}
