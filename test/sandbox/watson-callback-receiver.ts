/**
 * A callback as an application would have it: answers challenges, keeps notifications with their raw bytes, and can misbehave.
 */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Received {
  readonly body: {
    readonly id: string;
    readonly event: string;
    readonly user_token: string;
    readonly results?: unknown;
  };
  readonly raw: Buffer;
  readonly contentType: string | undefined;
  readonly signature: string | undefined;
}

/** `silent` never answers. */
export type ChallengeManner = "echo" | "wrong" | "refuse" | "redirect" | "silent" | "longer";

export interface CallbackReceiver extends Disposable {
  readonly url: string;
  readonly challenges: {
    readonly text: string;
    readonly signature: string | undefined;
    readonly path: string;
  }[];
  readonly received: Received[];
  manner: ChallengeManner;
  /** False: notifications arrive, and their sender waits. */
  answersNotifications: boolean;
  /** Resolves when that many notifications have arrived in all. */
  arrived(count: number): Promise<Received[]>;
  /** Nobody listens any more. */
  close(): void;
}

export function hmacOf(algorithm: "sha1" | "sha256", secret: string, bytes: Buffer | string): string {
  return createHmac(algorithm, secret).update(bytes).digest("base64");
}

export async function startReceiver(): Promise<CallbackReceiver> {
  const challenges: CallbackReceiver["challenges"] = [];
  const received: Received[] = [];
  let arrivals = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    void (async () => {
      const raw = await buffer(request);
      const signature = request.headers["x-callback-signature"] as string | undefined;
      if (request.method === "POST") {
        const body = JSON.parse(raw.toString("utf8")) as Received["body"];
        received.push({ body, raw, contentType: request.headers["content-type"], signature });
        if (receiver.answersNotifications) response.end();
        arrivals.resolve();
        arrivals = Promise.withResolvers();
        return;
      }
      const path = request.url ?? "";
      const text = new URL(path, "http://receiver").searchParams.get("challenge_string") ?? "";
      challenges.push({ text, signature, path });
      switch (receiver.manner) {
        case "echo":
          response.writeHead(200, { "Content-Type": "text/plain" }).end(text);
          return;
        case "longer":
          response.writeHead(200, { "Content-Type": "text/plain" }).end(`${text} and more`);
          return;
        case "wrong":
          response.writeHead(200, { "Content-Type": "text/plain" }).end("something else");
          return;
        case "refuse":
          response.writeHead(406).end();
          return;
        case "redirect":
          response.writeHead(302, { Location: path }).end(text);
          return;
        case "silent":
      }
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const receiver: CallbackReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/results`,
    challenges,
    received,
    manner: "echo",
    answersNotifications: true,
    async arrived(count) {
      while (received.length < count) await arrivals.promise;
      return received;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
    [Symbol.dispose]() {
      receiver.close();
    },
  };
  return receiver;
}
