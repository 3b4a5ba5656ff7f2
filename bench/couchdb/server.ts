/**
 * The stand-in as a process of its own, so that its work is not counted as the client's.
 */
import { startCouchDB } from "../../src/sandbox/couchdb/index.ts";

const server = await startCouchDB({});
console.log(server.url);
process.on("SIGTERM", () => {
  void server.close().then(() => process.exit(0));
});
