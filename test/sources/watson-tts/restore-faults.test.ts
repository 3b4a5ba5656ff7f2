import { describe, expect, it } from "vitest";
import type { FaultKind } from "../../../src/sandbox/watson/index.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import { MemoryTimeline } from "../watson/timeline.ts";
import { startStand } from "./stand.ts";

/** A restore that meets more requests than this never ends. */
const MOST_REQUESTS = 60;

/** Without repetition each failure ends the restore, as a kill would. */
const ONE_ATTEMPT = { retry: { attempts: 1, throttledAttempts: 1, baseDelayMs: 1, maxDelayMs: 1 } };

const FAULTS = {
  "before the service acted": "cut",
  "after the service acted": "answer-lost",
  "in the middle of the answer": "answer-cut",
} as const satisfies Record<string, FaultKind>;

describe("a restore that fails at any request", () => {
  for (const [when, kind] of Object.entries(FAULTS)) {
    const ways = [["and is run again", ONE_ATTEMPT] as const, ["and repeats the request", {}] as const];
    for (const [how, config] of kind === "answer-lost" ? ways : ways.slice(0, 1)) {
      it(`${when}, ${how}, makes nothing twice and ends equal`, async () => {
        await using stand = await startStand();
        const home = stand.instance("home");
        await home.makeModel("one", [
          { word: "x", translation: "1" },
          { word: "y", translation: "2" },
        ]);
        await home.makeModel("two", [{ word: "z", translation: "3" }], "de-DE", "second");
        const wanted = await home.content();
        const timeline = new MemoryTimeline("voice-models");
        await timeline.capture(home.source);
        let swept = false;
        let requests = 0;
        for (; !swept && requests < MOST_REQUESTS; requests++) {
          const target = stand.instance(`target-${requests}`, config);
          const ids = new MemoryIds();
          const number = stand.sandbox.faults.add(
            kind === "answer-cut"
              ? { kind, bytes: 5, after: requests, times: 1, match: { instance: `target-${requests}` } }
              : { kind, after: requests, times: 1, match: { instance: `target-${requests}` } },
          );
          const failed = await timeline.restore(target.source, { ids }).then(
            () => false,
            () => true,
          );
          swept = requests >= target.source.traffic.requests;
          stand.sandbox.faults.remove(number);
          const again = await timeline.restore(target.source, { ids });
          expect(Object.values(again).filter(({ action }) => action === "failed")).toEqual([]);
          expect(await target.models(), `${kind} at request ${requests}`).toHaveLength(2);
          expect(await target.content()).toEqual(wanted);
          if (config === ONE_ATTEMPT && kind === "cut" && !swept)
            expect(failed, `request ${requests}`).toBe(true);
        }
        expect(swept).toBe(true);
        expect(requests).toBeGreaterThan(8);
      });
    }
  }
});
