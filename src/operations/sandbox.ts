/**
 * `sandbox`: wire-compatible stand-ins of the services, to try Holdfast on and to rehearse restores into.
 */
import { startCouchDB } from "../sandbox/couchdb/index.ts";

export interface SandboxRequest {
  readonly couchdb: {
    /** Keeps the data; absent: in memory. */
    readonly folder?: string;
    /** Default: any free one. */
    readonly port?: number;
  };
}

export interface Sandbox extends AsyncDisposable {
  /** Of the CouchDB stand-in, without credentials. */
  readonly url: string;
  /** The stand-in's administrator: it listens on this machine only. */
  readonly user: { readonly name: string; readonly password: string };
  close(): Promise<void>;
}

const ADMIN = { name: "admin", password: "admin" } as const;

export async function startSandbox(request: SandboxRequest): Promise<Sandbox> {
  const server = await startCouchDB({ ...request.couchdb, admin: ADMIN });
  const close = async (): Promise<void> => server.close();
  return { url: server.url, user: ADMIN, close, [Symbol.asyncDispose]: close };
}
