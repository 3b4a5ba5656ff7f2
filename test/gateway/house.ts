/**
 * A small service, a gateway in front of it, and what the gateway hands over: for tests of the gateway alone.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  startGateway,
  type Gateway,
  type GatewayAlarm,
  type GatewayOptions,
  type InstanceKind,
} from "../../src/gateway/index.ts";
import type { PendingCapture } from "../../src/sources/watson/captures.ts";

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly trailers: NodeJS.Dict<string>;
}

export interface Service extends AsyncDisposable {
  readonly url: string;
  readonly seen: Seen[];
  readonly server: http.Server;
  /** How the next requests are answered; the default is `201 {}`. */
  answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;
}

/** Reads every request whole, remembers it, then answers. */
export async function startService(): Promise<Service> {
  const server = http.createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const body = Buffer.concat(pieces);
      const { method = "", url = "", headers, rawHeaders, trailers } = request;
      service.seen.push({ method, url, headers, rawHeaders, body, trailers });
      service.answer(request, response, body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const service: Service = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    server,
    answer: (_request, response) => response.writeHead(201, { "content-type": "application/json" }).end("{}"),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return service;
}

/** Answers with this status and JSON. */
export function json(status: number, body: unknown) {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
}

/** A capture with its content read, as the committing side saw it. */
export interface Committed extends Omit<PendingCapture, "content" | "key" | "secret"> {
  readonly source: string;
  readonly key: string;
  readonly content?: Buffer;
  readonly secret?: string;
}

export interface House extends AsyncDisposable {
  readonly service: Service;
  readonly gateway: Gateway;
  readonly folder: string;
  readonly key: Buffer;
  readonly committed: Committed[];
  /** Sizes of the batches. */
  readonly batches: number[];
  readonly alarms: GatewayAlarm[];
  /** URL of the instance behind the gateway. */
  readonly url: string;
  /** While set, committing fails with it. */
  failure: Error | undefined;
  /** Commits, and gives what has been committed since the house was built. */
  flushed(): Promise<readonly Committed[]>;
  /** Files of the spool by their ending. */
  files(ending: string): Promise<string[]>;
}

export async function openHouse(
  options: { readonly kind?: InstanceKind; readonly spoolBytes?: number } & Partial<GatewayOptions> = {},
): Promise<House> {
  const service = await startService();
  const folder = options.spool?.folder ?? (await mkdtemp(join(tmpdir(), "holdfast-gateway-")));
  const key = options.spool?.key ?? randomBytes(32);
  const committed: Committed[] = [];
  const batches: number[] = [];
  const alarms: GatewayAlarm[] = [];
  const gateway = await startGateway({
    listen: { host: "127.0.0.1", port: 0 },
    instances: [
      {
        source: "speech",
        kind: options.kind ?? "watson-stt",
        prefix: "/in",
        target: new URL(`${service.url}/instances/one`),
      },
    ],
    onUnreachable: "pass",
    alarm: (alarm) => alarms.push(alarm),
    flush: { intervalMs: 3_600_000 },
    commit: async (source, captures) => {
      if (house.failure !== undefined) throw house.failure;
      batches.push(captures.length);
      for (const capture of captures) committed.push(await read(source, capture));
    },
    ...options,
    spool: {
      folder,
      key,
      ...(options.spoolBytes === undefined ? {} : { maxBytes: options.spoolBytes }),
    },
  });
  const house: House = {
    service,
    gateway,
    folder,
    key,
    committed,
    batches,
    alarms,
    url: `${gateway.url}/in`,
    failure: undefined,
    flushed: async () => {
      await gateway.flush();
      return committed;
    },
    files: async (ending) => (await readdir(folder)).filter((name) => name.endsWith(ending)),
    [Symbol.asyncDispose]: async () => {
      await gateway.close();
      await service[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return house;
}

export async function read(
  source: string,
  { content, key, secret, ...rest }: PendingCapture,
): Promise<Committed> {
  const pieces: Buffer[] = [];
  if (content !== undefined) for await (const piece of content.open()) pieces.push(piece);
  return {
    source,
    key: key.toString("utf8"),
    ...rest,
    ...(content === undefined ? {} : { content: Buffer.concat(pieces) }),
    ...(secret === undefined ? {} : { secret: secret.toString("utf8") }),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: NodeJS.Dict<string>;
}

/** A request with its raw path, as no URL parser has touched it. Pieces of a body are sent chunked. */
export function send(
  url: string,
  method: string,
  path: string,
  options: {
    readonly headers?: http.OutgoingHttpHeaders;
    readonly body?: Buffer | string | AsyncIterable<Buffer> | Iterable<Buffer>;
    readonly trailers?: Readonly<Record<string, string>>;
    readonly agent?: http.Agent;
  } = {},
): Promise<Answer> {
  const { hostname, port, pathname } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = http.request({
    hostname,
    port,
    method,
    path: `${pathname.replace(/\/$/, "")}${path}`,
    headers: options.headers ?? {},
    ...(options.agent === undefined ? {} : { agent: options.agent }),
  });
  request.on("error", reject);
  request.on("response", (answer) => {
    const pieces: Buffer[] = [];
    answer.on("data", (piece: Buffer) => pieces.push(piece));
    answer.on("error", reject);
    answer.on("end", () => {
      const { statusCode = 0, headers, trailers } = answer;
      resolve({ status: statusCode, headers, body: Buffer.concat(pieces), trailers });
    });
  });
  const { body } = options;
  if (body === undefined || typeof body === "string" || Buffer.isBuffer(body)) request.end(body);
  else void sendPieces(request, body, options.trailers).catch(reject);
  return promise;
}

async function sendPieces(
  request: http.ClientRequest,
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
  trailers: Readonly<Record<string, string>> | undefined,
): Promise<void> {
  for await (const piece of pieces) if (!request.write(piece)) await once(request, "drain");
  if (trailers !== undefined) request.addTrailers(trailers);
  request.end();
}

/** A multipart body as the vendor's SDK makes it. */
export function multipart(
  parts: readonly {
    readonly name: string;
    readonly file?: string;
    readonly type?: string;
    readonly body: Buffer | string;
  }[],
): { readonly headers: http.OutgoingHttpHeaders; readonly body: Buffer } {
  const boundary = "--------------------------a1b2c3";
  const pieces = parts.flatMap(({ name, file, type, body }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file === undefined ? "" : `; filename="${file}"`}` +
        `${type === undefined ? "" : `\r\nContent-Type: ${type}`}\r\n\r\n`,
    ),
    Buffer.from(body),
    Buffer.from("\r\n"),
  ]);
  const body = Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
  return {
    headers: { "content-type": `multipart/form-data; boundary=${boundary}`, "content-length": body.length },
    body,
  };
}
