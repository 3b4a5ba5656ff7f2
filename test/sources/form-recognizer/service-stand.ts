/**
 * The service client as its tests open it, and a server whose answers a test writes itself.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock, type Clock } from "../../../src/model/clock.ts";
import { HoldfastError } from "../../../src/model/errors.ts";
import type { ApiVersion, FormConfig } from "../../../src/sources/form-recognizer/config.ts";
import type {
  CopyTicket,
  FormService,
  ListedModel,
} from "../../../src/sources/form-recognizer/service/face.ts";
import { openFormService } from "../../../src/sources/form-recognizer/service/open.ts";

export const { signal } = new AbortController();

export const KEY = "0123456789abcdef0123456789abcdef";
export const RESOURCE_ID =
  "/subscriptions/e1367d46-77d4-4f57-8cfe-348edbdc84a3/resourceGroups/jstests/providers/Microsoft.CognitiveServices/accounts/jstests-fr";

/** Without waits and without a rate. */
export const QUICK = {
  retry: { baseDelayMs: 1, maxDelayMs: 2, attempts: 3, throttledAttempts: 4 },
  budget: { reads: 1e6, queries: 1e6, writes: 1e6 },
} as const;

export function open(
  url: string,
  apiVersion: ApiVersion,
  more: Partial<FormConfig> = {},
  clock: Clock = systemClock,
): FormService {
  return openFormService(
    {
      url,
      apiVersion,
      auth: { kind: "key", key: KEY },
      resourceId: RESOURCE_ID,
      region: "westus2",
      ...QUICK,
      ...more,
    },
    clock,
  );
}

export async function listAll(service: FormService): Promise<ListedModel[]> {
  const all: ListedModel[] = [];
  for await (const batch of service.list(["models", "classifiers"], signal)) all.push(...batch);
  return all;
}

/** What was thrown; fails when nothing was. */
export async function thrown(act: () => Promise<unknown>): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** A ticket that lives until then, ms. */
export function ticket(expires: number): CopyTicket {
  return {
    targetId: "copy",
    expires,
    payload: '{"accessToken":"very-secret-token"}',
    secret: "very-secret-token",
  };
}

export interface Stand extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }[];
}

export type Answering = (
  request: { readonly method: string; readonly url: string; readonly body: string },
  response: ServerResponse,
  /** Requests before this one. */
  before: number,
) => void;

export async function stand(answer: Answering): Promise<Stand> {
  const seen: Stand["seen"][number][] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const body = Buffer.concat(pieces).toString("utf8");
      seen.push({ method, url, headers, body });
      answer({ method, url, body }, response, seen.length - 1);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

export const MODEL = { kind: "models", id: "invoice" } as const;
/** One version of each generation. */
export const GENERATIONS = ["v2.1", "2024-11-30"] as const;

/** The code of what was thrown. */
export async function codeOf(act: () => Promise<unknown>): Promise<string> {
  const error = await thrown(act);
  return error instanceof HoldfastError ? error.code : String(error);
}
