/**
 * WebSockets: the handshake goes to the service, and after its 101 both connections are joined as they are. Any other answer
 * is passed back and ends the connection, so nothing can follow on it unseen.
 */
import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { answerHeaders, pairs, upgradeHeaders, type RawHeaders } from "./headers.ts";
import type { Instance } from "./instance.ts";
import { errorBody } from "./own-answers.ts";
import type { Route } from "./routes.ts";

/** Only such a request is a tunnel: a POST that asks for another protocol is a POST, and is looked at. */
export function isWebSocket(request: IncomingMessage): boolean {
  return request.method === "GET" && request.headers.upgrade?.toLowerCase() === "websocket";
}

export function tunnel(request: IncomingMessage, client: Duplex, head: Buffer, route: Route<Instance>): void {
  const { instance, path, query } = route;
  instance.counts.requests++;
  instance.counts.webSockets++;
  const headers = upgradeHeaders(request.rawHeaders, instance.upstream.host);
  const upstream = instance.upstream.request("GET", path, query, headers, true);
  client.on("error", () => upstream.destroy());
  client.on("close", () => upstream.destroy());
  upstream.on("upgrade", (answer, service, rest) => {
    client.write(headText(answer, answer.rawHeaders));
    join(client, service);
    if (rest.length > 0) client.write(rest);
    if (head.length > 0) service.write(head);
  });
  upstream.on("response", (answer) => {
    client.write(headText(answer, [...answerHeaders(answer.rawHeaders), "Connection", "close"]));
    answer.on("error", () => client.destroy());
    answer.pipe(client);
  });
  upstream.on("error", () => refuseUpgrade(client, 502, "The service cannot be reached."));
  upstream.end();
}

/** An answer to a handshake that leads nowhere. */
export function refuseUpgrade(client: Duplex, status: number, message: string): void {
  if (!client.writable) return;
  const body = errorBody(status, message);
  client.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body.toString("utf8")}`,
  );
}

function headText(answer: IncomingMessage, headers: RawHeaders): Buffer {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (const [name, value] of pairs(headers)) lines.push(`${name}: ${value}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** Bytes both ways, ends and breaks included. */
function join(client: Duplex, service: Duplex): void {
  for (const socket of [client, service] as Socket[]) {
    socket.setTimeout(0);
    socket.setNoDelay(true);
  }
  client.on("error", () => service.destroy());
  service.on("error", () => client.destroy());
  client.on("close", () => service.destroy());
  service.on("close", () => client.destroy());
  client.pipe(service);
  service.pipe(client);
}
