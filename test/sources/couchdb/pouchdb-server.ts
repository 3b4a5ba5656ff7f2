/**
 * express-pouchdb in memory: a foreign server of the same protocol, with its own gaps.
 */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

export interface PouchServer extends AsyncDisposable {
  readonly url: string;
}

let instances = 0;

export async function startPouchDB(): Promise<PouchServer> {
  const PouchDB = require("pouchdb") as {
    plugin(plugin: unknown): void;
    defaults(options: object): unknown;
  };
  PouchDB.plugin(require("pouchdb-adapter-memory"));
  const express = require("express") as () => {
    use(handler: unknown): void;
    listen(port: number, host: string): Server;
  };
  const serve = require("express-pouchdb") as (pouch: unknown, options: object) => unknown;
  const app = express();
  // Databases in memory are shared by name across the process: a prefix of its own keeps servers apart.
  const prefix = `server${++instances}-`;
  app.use(
    serve(PouchDB.defaults({ adapter: "memory", prefix }), {
      mode: "minimumForPouchDB",
      inMemoryConfig: true,
    }),
  );
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
