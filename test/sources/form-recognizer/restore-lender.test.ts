import { beforeEach, describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import { keyText } from "../../../src/model/key.ts";
import type { ApiVersion } from "../../../src/sources/form-recognizer/config.ts";
import { copyOne } from "../../../src/sources/form-recognizer/copy/copy-one.ts";
import { copyRun } from "../../../src/sources/form-recognizer/copy/copy-run.ts";
import { copySide } from "../../../src/sources/form-recognizer/copy/pair.ts";
import { modelKey, type ModelRef } from "../../../src/sources/form-recognizer/keys.ts";
import { resourceOf } from "../../../src/sources/form-recognizer/resource.ts";
import type { CopyStep } from "../../../src/sources/live-copies.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import { acted, contextOf } from "../watson/timeline.ts";
import { MemoryLedger, Stand } from "./restore-stand.ts";

const SETTINGS = { allowDowngrade: false, keepSuperseded: 1, supersededForMs: 0, keepGoneMs: 0 };
const SIGNAL = new AbortController().signal;

/** A resource, its standby, and what is known of the copies there. */
function pairOf(apiVersion: ApiVersion) {
  const stand = new Stand();
  const config = { resourceId: "/subscriptions/s/accounts/a", region: "westus2" };
  const home = stand.resource("home", apiVersion, config);
  const away = stand.resource("away", apiVersion, config);
  const ledger = new MemoryLedger();
  const lender = { name: "dr", source: away.source, ledger };
  const pair = {
    source: copySide(resourceOf(home.source)),
    target: copySide(resourceOf(away.source)),
    ledger,
    settings: SETTINGS,
  };
  return {
    stand,
    home,
    away,
    ledger,
    lender,
    /** Adds a model, keeps it, and copies it into the standby. */
    async model(options: Parameters<typeof home.service.addModel>[0] = {}): Promise<ModelRef> {
      const ref: ModelRef = { kind: options.kind ?? "models", id: home.service.addModel(options) };
      await stand.kept.keep(home.service, ref);
      const model = await home.service.details(ref, SIGNAL);
      if (model === undefined) throw new Error("the fake lost a model");
      const end = await copyOne(copyRun(pair, contextOf(stand.clock)), { model });
      expect(end.state).toBe("verified");
      return ref;
    },
    /** Everything that the source had is gone. */
    lose(): void {
      home.service.models.clear();
      home.service.faults.calls.length = 0;
      away.service.faults.calls.length = 0;
    },
  };
}

describe.each(["v2.1", "2023-07-31", "2024-11-30"] as const)(
  "copying back from a standby, %s",
  (apiVersion) => {
    let the: ReturnType<typeof pairOf>;

    beforeEach(() => {
      the = pairOf(apiVersion);
    });

    it("brings a lost model back as it was, and a second time writes nothing", async () => {
      const ref = await the.model({
        name: "Invoices",
        description: "what we bill",
        tags: { team: "finance" },
      });
      const key = keyText(modelKey(ref));
      the.lose();
      const { stand, home, away, lender } = the;
      const outcomes = await stand.restore(home.resource, { mode: "content", lender });
      expect(acted(outcomes)).toEqual({ [key]: "create" });
      const target = outcomes[key]?.mapped?.target ?? "";
      expect([...home.service.models.keys()]).toEqual([`models/${target}`]);
      if (!home.service.traits.choosesIds) {
        expect(target).toBe(ref.id);
        expect(home.service.models.get(key)).toMatchObject({
          description: "what we bill",
          tags: { team: "finance" },
        });
      }
      home.service.faults.calls.length = 0;
      away.service.faults.calls.length = 0;
      expect(acted(await stand.restore(home.resource, { mode: "content", lender }))).toEqual({});
      expect(new Set(home.service.faults.calls)).toEqual(
        new Set(
          home.service.traits.classifiers
            ? ["list models", "list classifiers", "details"]
            : ["list models", "details"],
        ),
      );
      expect(away.service.faults.calls).toEqual([]);
    });

    it("has each model once though any request to either side fails or the process dies there", async () => {
      for (const side of ["home", "away"] as const) {
        for (const when of ["before", "after"] as const) {
          for (const dies of [false, true]) {
            for (let n = 1; ; n++) {
              the = pairOf(apiVersion);
              const ref = await the.model();
              the.lose();
              const { service } = the[side];
              const error = dies
                ? (): Error => new Error("killed")
                : (): Error => new HoldfastError("source-unreachable", "no answer");
              service.failAt(n, when, error);
              const request = { mode: "content", lender: the.lender } as const;
              await the.stand.restore(the.home.resource, request).catch(() => undefined);
              const call = service.faults.calls[n - 1];
              service.failAt(0);
              await the.stand.restore(the.home.resource, request).catch(() => undefined);
              const outcomes = await the.stand.restore(the.home.resource, request);
              const what = `${side} ${n} ${call} ${when} ${dies ? "dies" : "fails"}`;
              expect(outcomes[`models/${ref.id}`], what).toMatchObject({ action: "same" });
              const ready = [...the.home.service.models.values()].filter(({ status }) => status === "ready");
              expect(ready, what).toHaveLength(1);
              if (call === undefined) break;
            }
          }
        }
      }
    });

    it("previews without asking for anything", async () => {
      await the.model();
      the.lose();
      const { stand, home, away, lender } = the;
      const outcomes = await stand.restore(home.resource, { mode: "content", lender, apply: false });
      expect(Object.values(acted(outcomes))).toEqual(["create"]);
      expect(new Set(away.service.faults.calls)).toEqual(new Set(["details"]));
      expect(home.service.models.size).toBe(0);
      expect(stand.ids.all()).toEqual([]);
    });
  },
);

describe("what a standby can lend", () => {
  it("is also an earlier state, where its copy is still there: the instant decides", async () => {
    const the = pairOf("2024-11-30");
    const ref = await the.model({ id: "invoices" });
    const [first] = the.ledger.steps() as [CopyStep];
    const before = the.stand.kept.reader();
    the.home.service.models.clear();
    the.stand.cloud.now += 60_000;
    await the.model({ id: "invoices" });
    await the.ledger.record({ ...first, state: "superseded" });
    the.lose();
    const request = { mode: "content", reader: before, lender: the.lender } as const;
    expect(acted(await the.stand.restore(the.home.resource, request))).toEqual({
      "models/invoices": "create",
    });
    const kept = await the.stand.restore(the.home.resource, { ...request, ids: new MemoryIds() });
    expect(kept[`models/${ref.id}`]).toMatchObject({ action: "same" });
  });

  it("is nothing where it has no copy of this state, or lost it; then the training data count", async () => {
    const the = pairOf("2024-11-30");
    const ref = await the.model({ id: "invoices" });
    the.lose();
    the.away.service.models.clear();
    const request = { mode: "content", lender: the.lender } as const;
    expect((await the.stand.restore(the.home.resource, request))["models/invoices"]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/dr does not have its copy any more.*no training data is kept/),
    });
    const [{ version }] = the.ledger.steps() as [CopyStep];
    the.stand.kept.keepTraining(ref, version, [{ name: "a.pdf", content: Buffer.from("a") }]);
    expect((await the.stand.restore(the.home.resource, request))["models/invoices"]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/--retrain/),
    });
    const settings = { retrain: true };
    expect(acted(await the.stand.restore(the.home.resource, { ...request, settings }))).toEqual({
      "models/invoices": "create",
    });
  });

  it("is nothing that would be encrypted less afterwards, unless that was consented to", async () => {
    const the = pairOf("2024-11-30");
    await the.model({ id: "invoices" });
    the.lose();
    const downgrade = {
      code: "DataProtectionTransformServiceError",
      message:
        "Data transfer request is not allowed as it downgrades to a less secure data protection scheme.",
    };
    the.away.service.copyFailures.push(downgrade);
    const request = { mode: "content", lender: the.lender } as const;
    expect((await the.stand.restore(the.home.resource, request))["models/invoices"]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/less secure.*--setting allowDowngrade=true/),
    });
    the.away.service.copyFailures.push(downgrade);
    const settings = { allowDowngrade: true };
    expect(acted(await the.stand.restore(the.home.resource, { ...request, settings }))).toEqual({
      "models/invoices": "create",
    });
  });

  it("is a classifier from v4 on; before, it is told that none can be copied", async () => {
    for (const [apiVersion, expected] of [
      ["2024-11-30", { action: "create" }],
      [
        "2023-07-31",
        { action: "failed", reason: expect.stringMatching(/cannot be copied in API version 2023-07-31/) },
      ],
    ] as const) {
      const the = pairOf(apiVersion);
      const ref: ModelRef = { kind: "classifiers", id: the.home.service.addModel({ kind: "classifiers" }) };
      await the.stand.kept.keep(the.home.service, ref);
      if (apiVersion === "2024-11-30") {
        the.home.service.models.clear();
        await the.model({ kind: "classifiers", id: ref.id });
      }
      the.lose();
      const outcomes = await the.stand.restore(the.home.resource, { mode: "content", lender: the.lender });
      expect(outcomes[`classifiers/${ref.id}`]).toMatchObject(expected);
    }
  });

  it("a composed model that the service copies as one comes without its parts; in v4 it is composed of them", async () => {
    const old = pairOf("v2.1");
    const part = await old.model({ name: "part" });
    const content = { composedTrainResults: [{ modelId: part.id, fields: [] }] };
    const all = await old.model({
      name: "all",
      composed: true,
      buildMode: "composed",
      components: [part.id],
      content,
    });
    old.lose();
    const reader = old.stand.kept.reader((key) => key === `models/${all.id}`);
    const request = { mode: "content", reader, whole: false, lender: old.lender } as const;
    expect(acted(await old.stand.restore(old.home.resource, request))).toEqual({
      [`models/${all.id}`]: "create",
    });

    const the = pairOf("2024-11-30");
    await the.model({ kind: "classifiers", id: "sorter" });
    await the.model({ id: "part" });
    const composed = {
      id: "all",
      composed: true,
      components: ["part"],
      classifier: "sorter",
      content: { docTypes: { invoice: { modelId: "part" } } },
    };
    the.home.service.addModel(composed);
    await the.stand.kept.keep(the.home.service, { kind: "models", id: "all" });
    the.lose();
    expect(
      acted(await the.stand.restore(the.home.resource, { mode: "content", lender: the.lender })),
    ).toEqual({
      "classifiers/sorter": "create",
      "models/all": "create",
      "models/part": "create",
    });
    expect(the.home.service.faults.calls).toContain("compose");
  });

  it("that fails after something had to give way for it is told so, and the next restore has it", async () => {
    const the = pairOf("2024-11-30");
    await the.model({ id: "invoices" });
    the.lose();
    the.stand.cloud.now += 60_000;
    the.home.service.addModel({ id: "invoices" });
    the.away.service.copyFailures.push(
      ...Array.from({ length: 3 }, () => ({ code: "Internal", message: "no" })),
    );
    const request = { mode: "content", lender: the.lender, settings: { replace: true } } as const;
    expect((await the.stand.restore(the.home.resource, request))["models/invoices"]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/what was there has been deleted for it, so run the restore again/),
    });
    expect(acted(await the.stand.restore(the.home.resource, request))).toEqual({
      "models/invoices": "create",
    });
  });

  it("replaces another state only when that was asked for", async () => {
    const the = pairOf("2024-11-30");
    await the.model({ id: "invoices" });
    the.lose();
    the.stand.cloud.now += 60_000;
    the.home.service.addModel({ id: "invoices" });
    const request = { mode: "content", lender: the.lender } as const;
    expect(acted(await the.stand.restore(the.home.resource, request))).toEqual({
      "models/invoices": "failed",
    });
    const settings = { replace: true };
    expect(acted(await the.stand.restore(the.home.resource, { ...request, settings }))).toEqual({
      "models/invoices": "change",
    });
    expect(acted(await the.stand.restore(the.home.resource, { ...request, settings }))).toEqual({});
  });
});
