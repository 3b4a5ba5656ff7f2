/**
 * A gateway in a process of its own, to be killed and weighed. Says its address on the first line. With `commit` it reads every
 * content to its end, as committing does, and drops it; otherwise the repository is unreachable.
 */
import { startGateway } from "../../../src/gateway/index.ts";

const { SPOOL = "", KEY = "", TARGET = "", COMMIT } = process.env;

const gateway = await startGateway({
  listen: { host: "127.0.0.1", port: 0 },
  instances: [{ source: "speech", kind: "watson-stt", prefix: "/in", target: new URL(TARGET) }],
  spool: { folder: SPOOL, key: Buffer.from(KEY, "hex") },
  flush: { intervalMs: 20 },
  commit: async (_source, captures) => {
    if (COMMIT === undefined) throw new Error("unreachable");
    for (const { content } of captures) {
      let length = 0;
      if (content !== undefined) for await (const piece of content.open()) length += piece.length;
      if (content !== undefined && length !== content.length) throw new Error("short");
    }
  },
  onUnreachable: "pass",
  alarm: () => {},
});
console.log(gateway.url);
