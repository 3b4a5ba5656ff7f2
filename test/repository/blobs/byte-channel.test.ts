import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ByteChannel } from "../../../src/repository/blobs/byte-channel.ts";

const MIB = 1024 * 1024;

describe("a byte channel", () => {
  it("makes whoever pushes wait while the other side does not take", async () => {
    const channel = new ByteChannel();
    let pushed = 0;
    const pushing = (async () => {
      for (; pushed < 20; pushed++) await channel.push(Buffer.alloc(MIB, pushed));
      channel.end();
    })();
    for (let i = 0; i < 50; i++) await turn();
    expect(pushed).toBe(4);
    const taken: number[] = [];
    for await (const bytes of channel) {
      taken.push(bytes[0] as number);
      await turn();
      expect(pushed - taken.length).toBeLessThanOrEqual(5);
    }
    await pushing;
    expect(taken).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it("gives both sides the reason why it was closed", async () => {
    const channel = new ByteChannel();
    const full = (async () => {
      for (;;) await channel.push(Buffer.alloc(MIB));
    })();
    const taking = channel[Symbol.asyncIterator]();
    await taking.next();
    channel.close(new Error("stopped"));
    await expect(full).rejects.toThrow("stopped");
    await expect(taking.next()).rejects.toThrow("stopped");
    await expect(channel.push(Buffer.alloc(1))).rejects.toThrow("stopped");
  });

  it("refuses more bytes once the other side has gone", async () => {
    const channel = new ByteChannel();
    await channel.push(Buffer.from("a"));
    for await (const _ of channel) break;
    await expect(channel.push(Buffer.from("b"))).rejects.toThrow("Nobody takes");
  });
});
