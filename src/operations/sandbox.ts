/**
 * `sandbox`: wire-compatible stand-ins of the services, to try Holdfast on and to rehearse restores into.
 */
import { startCouchDB } from "../sandbox/couchdb/index.ts";
import { startWatsonStt } from "../sandbox/watson-stt/index.ts";
import { startWatsonTts } from "../sandbox/watson-tts/index.ts";

/** Where a stand-in keeps its data and listens. */
export interface SandboxPlace {
  /** Keeps the data; absent: in memory. */
  readonly folder?: string;
  /** Default: any free one. */
  readonly port?: number;
}

export interface SandboxRequest {
  readonly couchdb: SandboxPlace;
}

export interface Sandbox extends AsyncDisposable {
  /** Of the CouchDB stand-in, without credentials. */
  readonly url: string;
  /** The stand-in's administrator: it listens on this machine only. */
  readonly user: { readonly name: string; readonly password: string };
  close(): Promise<void>;
}

export interface WatsonSandboxRequest extends SandboxPlace {
  readonly service: "watson-tts" | "watson-stt";
}

/** A stand-in of a Watson service: it listens on this machine only. */
export interface WatsonSandboxPlace extends AsyncDisposable {
  /** Service URL of an instance: everything before `/v1`. */
  readonly url: string;
  readonly apiKey: string;
  /** Where the API key is exchanged for a token, as on IBM Cloud. */
  readonly tokenUrl: string;
  /** Everything before `/v1/authorize`, as on Cloud Pak for Data. */
  readonly authUrl: string;
  close(): Promise<void>;
}

const ADMIN = { name: "admin", password: "admin" } as const;

export async function startSandbox(request: SandboxRequest): Promise<Sandbox> {
  const server = await startCouchDB({ ...request.couchdb, admin: ADMIN });
  const close = async (): Promise<void> => server.close();
  return { url: server.url, user: ADMIN, close, [Symbol.asyncDispose]: close };
}

export async function startWatsonSandbox({
  service,
  ...place
}: WatsonSandboxRequest): Promise<WatsonSandboxPlace> {
  const server = await (service === "watson-tts" ? startWatsonTts(place) : startWatsonStt(place));
  const { url, apiKey, tokenUrl, authUrl } = server;
  const close = async (): Promise<void> => server.close();
  return { url, apiKey, tokenUrl, authUrl, close, [Symbol.asyncDispose]: close };
}
