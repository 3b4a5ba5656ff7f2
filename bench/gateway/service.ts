/**
 * The service of the gateway's bench, in a process of its own: takes any body, counts it, answers at once. `LINE` bounds what it takes,
 * bytes per second, as a network line would; without it only the machine is the bound.
 */
import http from "node:http";
import type { AddressInfo } from "node:net";

const LINE = Number(process.env["LINE"] ?? Infinity);
const DOWNLOAD = Buffer.alloc(64 * 1024, 1);

const server = http.createServer((request, response) => {
  const download = Number(/[?&]bytes=(\d+)/.exec(request.url ?? "")?.[1] ?? 0);
  let taken = 0;
  const began = performance.now();
  request.on("data", (piece: Buffer) => {
    taken += piece.length;
    const early = (taken / LINE) * 1000 - (performance.now() - began);
    if (early < 2) return;
    request.pause();
    setTimeout(() => request.resume(), early);
  });
  request.on("end", () => {
    if (download === 0) {
      const body = '{"customization_id":"0f6a1c1e-6d55-4d0e-9b53-0b8a52d7b1f4"}';
      response.writeHead(201, { "content-type": "application/json", "content-length": body.length });
      response.end(body);
      return;
    }
    response.writeHead(200, { "content-type": "audio/wav", "content-length": download });
    let left = download;
    const more = (): void => {
      while (left > 0) {
        const piece = DOWNLOAD.subarray(0, Math.min(left, DOWNLOAD.length));
        left -= piece.length;
        if (!response.write(piece)) {
          response.once("drain", more);
          return;
        }
      }
      response.end();
    };
    more();
  });
});
server.requestTimeout = 0;
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
