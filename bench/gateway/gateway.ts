/**
 * The gateway of its bench, in a process of its own. What it keeps it also hands over, read to the end, as committing does.
 */
import { randomBytes } from "node:crypto";
import { startGateway } from "../../src/gateway/index.ts";

const { SPOOL = "", TARGET = "", MODE = "pass", SYNC } = process.env;

const gateway = await startGateway({
  listen: { host: "127.0.0.1", port: 0 },
  instances: [{ source: "speech", kind: "watson-stt", prefix: "", target: new URL(TARGET) }],
  spool: { folder: SPOOL, key: randomBytes(32), sync: SYNC !== "no" },
  commit: async (_source, captures) => {
    for (const { content } of captures) if (content !== undefined) for await (const _piece of content.open());
  },
  onUnreachable: MODE === "refuse" ? "refuse" : "pass",
  alarm: (alarm) => console.error(alarm.message),
});
console.log(gateway.url);
