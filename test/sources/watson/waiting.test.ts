import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import { waitFor, whenNotBusy } from "../../../src/sources/watson/waiting.ts";
import { contextOf } from "./timeline.ts";

const busy = new HoldfastError("source-protocol", "the model is busy", { status: 409 });
const wait = { what: "the model", pollMs: 0 };

describe("waiting for the service", () => {
  it("looks until there is something, and shows that it waits", async () => {
    const context = contextOf();
    let looks = 0;
    expect(await waitFor(async () => (++looks === 3 ? "done" : undefined), wait, context)).toBe("done");
    expect(context.phases).toEqual(["waiting for the model", "waiting for the model"]);
  });

  it("repeats what a busy model refuses, and nothing else", async () => {
    let tries = 0;
    const act = async (): Promise<number> => {
      if (++tries < 3) throw busy;
      return tries;
    };
    expect(await whenNotBusy(act, wait, contextOf())).toBe(3);
    const other = new HoldfastError("source-protocol", "no", { status: 400 });
    await expect(whenNotBusy(() => Promise.reject(other), wait, contextOf())).rejects.toBe(other);
  });

  it("ends when patience does, and says that the same command may be run again", async () => {
    let now = 0;
    const context = contextOf({ now: () => (now += 600) });
    const looked = waitFor(async () => undefined, { ...wait, patienceMs: 1000 }, context);
    await expect(looked).rejects.toThrow(/waited 1 s for the model.*run the same command again/);
  });

  it("stops at once when it is told to", async () => {
    const stop = new AbortController();
    const context = { ...contextOf(), signal: stop.signal };
    const waiting = waitFor(async () => undefined, { what: "it", pollMs: 60_000 }, context);
    stop.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
  });
});
