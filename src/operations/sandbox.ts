/**
 * `sandbox`: wire-compatible stand-ins of the services, to try Holdfast on and to rehearse restores into.
 */
import { HoldfastError } from "../model/errors.ts";
import { startCouchDB } from "../sandbox/couchdb/index.ts";
import { startFormRecognizer } from "../sandbox/form-recognizer/index.ts";
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

export interface FormSandboxRequest extends SandboxPlace {
  /** Default: two, as for a standby. */
  readonly resources?: readonly { readonly name: string; readonly region: string }[];
}

/** A resource of the Form Recognizer stand-in: it listens on this machine only. */
export interface FormSandboxResource {
  readonly name: string;
  readonly endpoint: string;
  readonly keys: readonly string[];
  readonly resourceId: string;
  readonly region: string;
}

/** Several resources in one process, since a copy writes into another one. */
export interface FormSandboxPlace extends AsyncDisposable {
  readonly resources: readonly FormSandboxResource[];
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

const TWO_REGIONS = [
  { name: "forms-east", region: "eastus" },
  { name: "forms-west", region: "westus2" },
] as const;

/** `port`: that of the first resource; the others follow. Errors: `usage` for a name that is given twice. */
export async function startFormSandbox({
  resources = TWO_REGIONS,
  folder,
  port,
}: FormSandboxRequest): Promise<FormSandboxPlace> {
  const names = resources.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new HoldfastError("usage", `Two resources are called ${twice}.`);
  const server = await startFormRecognizer({
    resources: resources.map((resource, index) =>
      port === undefined ? resource : { ...resource, port: port + index },
    ),
    ...(folder === undefined ? {} : { folder }),
  });
  const close = async (): Promise<void> => server.close();
  return {
    resources: names.map((name) => {
      const { url, keys, region, resourceId } = server.resource(name);
      return { name, endpoint: url, keys, resourceId, region };
    }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
