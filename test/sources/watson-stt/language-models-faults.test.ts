/**
 * A restore that is cut off at any of its requests, before or after the service has done what was asked, and is then repeated.
 */
import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import type { Source } from "../../../src/sources/source.ts";
import { CORPORA, fillModel, GRAMMAR } from "./filled-model.ts";
import { acted, differences, Ids, Kept, openStand, restoreInto, type Stand } from "./stand.ts";

type Cut = (stand: Stand, instance: string, at: number) => void;

/** How a restore is cut off at its request number `at`. */
const CUTS: Readonly<Record<string, Cut>> = {
  "nothing reaches the service any more": ({ sandbox }, instance, at) => {
    sandbox.faults.add({ kind: "cut", match: { instance }, after: at });
  },
  "the service did what was asked and its answer is lost, as are all after it": (
    { sandbox },
    instance,
    at,
  ) => {
    sandbox.faults.add({ kind: "answer-lost", match: { instance }, after: at, times: 1 });
    sandbox.faults.add({ kind: "cut", match: { instance }, after: at + 1 });
  },
};

/** What a restore gets over by itself. */
const HICCUPS: Readonly<Record<string, Cut>> = {
  "one answer is lost": ({ sandbox }, instance, at) => {
    sandbox.faults.add({ kind: "answer-lost", match: { instance }, after: at, times: 1 });
  },
  "the service is overloaded for a moment": ({ sandbox }, instance, at) => {
    sandbox.faults.add({ kind: "status", status: 503, match: { instance }, after: at, times: 1 });
  },
  "the model is busy for a while": ({ sandbox }, instance, at) => {
    sandbox.faults.add({ kind: "status", status: 409, match: { instance }, after: at, times: 2 });
  },
};

/** Hiccups are tried at every such request: they end in the same code. */
const HICCUP_STEP = 3;

async function requestsOf(stand: Stand, kept: Kept): Promise<number> {
  const source = stand.source("counted");
  await restoreInto(source, kept, { ids: new Ids() });
  return source.traffic.requests;
}

async function attempt(source: Source, kept: Kept, ids: Ids): Promise<void> {
  try {
    await restoreInto(source, kept, { ids, merge: false });
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
  }
}

describe("a restore of language models that is cut off", () => {
  it.each([
    ...Object.entries(CUTS).map(([name, cut]) => [name, cut, 1] as const),
    ...Object.entries(HICCUPS).map(([name, cut]) => [name, cut, HICCUP_STEP] as const),
  ])(
    "ends in the same target after a repeat, with each model once, when %s",
    async (_name, cut, step) => {
      await using stand = await openStand();
      const kept = new Kept();
      await fillModel(stand, kept);
      await kept.capture(stand.source());
      const requests = await requestsOf(stand, kept);
      expect(requests).toBeGreaterThan(15);
      for (let at = 0; at < requests; at += step) {
        const instance = `cut-${at}`;
        const ids = new Ids();
        const source = stand.source(instance);
        cut(stand, instance, at);
        await attempt(source, kept, ids);
        stand.sandbox.faults.clear();
        await restoreInto(source, kept, { ids, merge: false });
        const again = await restoreInto(source, kept, { ids, merge: false });
        expect(acted(again), `request ${at}`).toEqual({});
        expect(await differences(source, kept, { ids }), `request ${at}`).toEqual([]);
        const { customizations } = await stand.call("GET", "/v1/customizations", undefined, instance);
        expect(customizations, `request ${at}`).toHaveLength(1);
        const [{ customization_id: id }] = customizations as [{ customization_id: string }];
        const text = (file: string): string | undefined => {
          const upload = stand.sandbox.uploads.find(instance, `customizations/${id}/${file}`);
          return upload && stand.sandbox.uploads.bytes(upload.id).toString("utf8");
        };
        expect([text("corpora/2026-q1"), text("corpora/2026-q2"), text("grammars/yesno")]).toEqual([
          CORPORA["2026-q1"],
          CORPORA["2026-q2"],
          GRAMMAR,
        ]);
      }
    },
    30_000,
  );

  it.each([false, true])(
    "in place comes to the same end after a repeat (reset: %s)",
    async (reset) => {
      await using stand = await openStand();
      const name = "the service did what was asked and its answer is lost, as are all after it";
      let requests = 1;
      for (let at = 0; at < requests; at++) {
        const instance = `place-${at}`;
        const kept = new Kept();
        const id = await fillModel(stand, kept, { instance });
        const source = stand.source(instance);
        await kept.capture(source);
        const model = `/v1/customizations/${id}`;
        await stand.call("DELETE", `${model}/corpora/2026-q1`, undefined, instance);
        await stand.call("POST", `${model}/corpora/newer`, "This came later.\n", instance);
        await stand.call("PUT", `${model}/words/IBM`, { display_as: "Big Blue" }, instance);
        const ids = new Ids();
        const inPlace = { mode: "content", newerItems: "delete", ids, settings: { reset } } as const;
        const before = source.traffic.requests;
        CUTS[name]?.(stand, instance, at);
        await restoreInto(source, kept, inPlace).catch((error: unknown) => {
          if (!(error instanceof HoldfastError)) throw error;
        });
        stand.sandbox.faults.clear();
        const interrupted = source.traffic.requests - before;
        await restoreInto(source, kept, inPlace);
        // Until the cut comes after the last request of all.
        if (interrupted > at) requests = at + 2;
        expect(acted(await restoreInto(source, kept, inPlace)), `request ${at}`).toEqual({});
        expect(await differences(source, kept), `request ${at}`).toEqual([]);
      }
      expect(requests).toBeGreaterThan(10);
    },
    30_000,
  );
});
