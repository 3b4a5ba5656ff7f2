/**
 * What the service is and what the account may do there, found out without changing anything.
 */
import { errorText, isHoldfastError } from "../../model/errors.ts";
import type { SourceCheck } from "../source.ts";
import type { CouchClient } from "./client.ts";

interface Ability {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** CouchDB's role of server administrators. */
const SERVER_ADMIN = "_admin";

export async function checkSource(client: CouchClient, signal: AbortSignal): Promise<SourceCheck> {
  const server = await client.server(signal);
  const user = await client.whoAmI(signal);
  const admin = user.roles.includes(SERVER_ADMIN);
  const needsAdmin = (name: string, use: string): Ability => ({
    name,
    ok: admin,
    detail: admin ? `${use}: the account is a server administrator` : `${use}: needs a server administrator`,
  });
  return {
    service: server.product === "" ? client.http.address.shown : server.product,
    version: server.version,
    user: user.name,
    abilities: [
      await attempt("list databases", "patterns with * need it", async () => {
        await client.allDbs({ limit: 1 }, signal);
      }),
      await attempt("read many databases' facts at once", "makes discovery faster", async () => {
        await client.dbsInfo([], signal);
      }),
      needsAdmin("make databases", "restoring into a new database"),
      needsAdmin("write design documents and security", "restoring a whole database"),
      needsAdmin("purge", "restoring in mode exact"),
    ],
  };
}

async function attempt(name: string, use: string, act: () => Promise<void>): Promise<Ability> {
  try {
    await act();
    return { name, ok: true, detail: use };
  } catch (error) {
    // Anything else means that the service itself is in trouble, and the check has failed.
    const refusals = [
      "source-forbidden",
      "source-unauthorized",
      "source-not-found",
      "source-protocol",
    ] as const;
    if (!isHoldfastError(error, ...refusals)) throw error;
    return { name, ok: false, detail: `${use}: ${errorText(error)}` };
  }
}
