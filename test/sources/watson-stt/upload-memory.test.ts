/**
 * Recordings go from where they are kept to the service piece by piece, whatever their size.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as later } from "node:timers/promises";
import { expect, it } from "vitest";
import { systemClock } from "../../../src/model/clock.ts";
import type { BlobRef } from "../../../src/model/version.ts";
import { WatsonClient } from "../../../src/sources/watson/client.ts";
import { AcousticModelCalls } from "../../../src/sources/watson-stt/acoustic-models/calls.ts";
import { JobCalls } from "../../../src/sources/watson-stt/jobs/calls.ts";
import { contextOf } from "../watson/timeline.ts";

const PIECE_BYTES = 2 ** 16;
const PIECES = 1_024;
/** Pieces that client and connection may hold while the service does not read: 8 MB of 64 MB. */
const HELD_PIECES = 128;
/** Long enough for every buffer on the way to fill, ms. */
const STALL_MS = 200;

const NOTE = {
  operation: "test",
  at: "2026-11-21T00:00:00.000Z",
  evidence: "captured",
  by: "gateway",
  query: {},
  contentType: "audio/wav",
} as const;

it.for(["addAudio", "createJob"] as const)("%s waits for the service to read", async (operation) => {
  let given = 0;
  let givenWhileStalled = 0;
  let received = 0;
  let declared: string | undefined;
  await using server = createServer((request, response) => {
    void (async () => {
      await later(STALL_MS);
      givenWhileStalled = given;
      declared = request.headers["content-length"];
      for await (const piece of request) received += (piece as Buffer).length;
      response.writeHead(201, { "content-type": "application/json" }).end('{"id":"made"}');
    })();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  await using client = new WatsonClient(
    { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, auth: { kind: "none" } },
    "/v1/models",
  );
  const content = { length: PIECE_BYTES * PIECES } as BlobRef;
  const reader = {
    async *blob() {
      for (; given < PIECES; given++) yield Buffer.alloc(PIECE_BYTES);
    },
  };
  const context = contextOf(systemClock);
  if (operation === "addAudio") {
    await new AcousticModelCalls(client, context).upload("id", { name: "call", note: NOTE, content, reader });
  } else {
    const submission = { note: NOTE, query: {}, content, reader };
    expect(await new JobCalls(client, context).submit(submission)).toBe("made");
  }
  expect(declared).toBe(String(content.length));
  expect(received).toBe(content.length);
  expect(givenWhileStalled).toBeGreaterThan(0);
  expect(givenWhileStalled).toBeLessThan(HELD_PIECES);
});
