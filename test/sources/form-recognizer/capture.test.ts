import { beforeEach, describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import type { CaptureEvent, Cursor } from "../../../src/sources/source.ts";
import { contextOf } from "../watson/timeline.ts";
import { FakeService } from "./fake-service.ts";
import { FormTimeline, memorySource } from "./memory-source.ts";

const OLD = "11111111-0000-4000-8000-000000000000";

describe("capture of models", () => {
  let service: FakeService;
  let timeline: FormTimeline;
  const capture = (options: { reconcile?: boolean } = {}): ReturnType<FormTimeline["capture"]> =>
    timeline.capture(memorySource(service), options);
  const calls = async (act: () => Promise<unknown>): Promise<string[]> => {
    const before = service.faults.calls.length;
    await act();
    return service.faults.calls.slice(before);
  };

  beforeEach(() => {
    service = new FakeService({ name: "home", apiVersion: "2024-11-30" });
    service.addModel({ id: "invoices" });
    service.addModel({ id: "receipts", tags: { team: "a" } });
    service.addModel({ id: "mail", kind: "classifiers" });
    timeline = new FormTimeline();
  });

  it("keeps every model and classifier, the service's answer byte for byte", async () => {
    const { run, items } = await capture();
    expect(run).toBe("baseline");
    expect(items).toEqual({
      "models/invoices": "live",
      "models/receipts": "live",
      "classifiers/mail": "live",
    });
    const shown = await service.details({ kind: "models", id: "receipts" }, contextOf().signal);
    expect(timeline.body("models/receipts")).toBe(shown?.raw.toString());
  });

  it("reads only the lists when nothing has changed", async () => {
    await capture();
    expect(await calls(() => capture())).toEqual(["list models", "list classifiers"]);
  });

  it("asks for no classifiers where there are none", async () => {
    service = new FakeService({ name: "old", apiVersion: "2022-08-31" });
    service.addModel();
    expect(await calls(() => capture())).toEqual(["list models", "details"]);
  });

  it("reads a model again whose list entry changed, and no other", async () => {
    await capture();
    service.change({ kind: "models", id: "receipts" }, { tags: { team: "b" } });
    const made = await calls(async () => {
      const { run, items } = await capture();
      expect(run).toBe("delta");
      expect(items).toEqual({ "models/receipts": "live" });
    });
    expect(made.filter((call) => call === "details")).toHaveLength(1);
  });

  it("reads everything when it is to compare everything, and finds what the list did not tell", async () => {
    await capture();
    service.change({ kind: "models", id: "invoices" }, { content: { docTypes: { other: {} } } });
    expect((await capture()).items).toEqual({});
    expect((await capture({ reconcile: true })).items).toEqual({ "models/invoices": "live" });
  });

  it("keeps invalid models too, because they tell what was, and leaves out what is still being made", async () => {
    service = new FakeService({ name: "old", apiVersion: "v2.1" });
    service.addModel({
      id: OLD,
      status: "invalid",
      content: { trainResult: { errors: [{ code: "2001" }] } },
    });
    const id = service.addModel({ status: "creating", content: {} });
    const made = await calls(async () => {
      expect((await capture()).items).toEqual({ [`models/${OLD}`]: "live" });
    });
    expect(made.filter((call) => call === "details")).toHaveLength(1);
    service.change({ kind: "models", id }, { status: "ready" });
    expect((await capture()).items).toEqual({ [`models/${id}`]: "live" });
  });

  it("tells a deleted model as deleted, and one that came back as live", async () => {
    await capture();
    const { signal } = contextOf();
    await service.remove({ kind: "models", id: "invoices" }, signal);
    await service.remove({ kind: "classifiers", id: "mail" }, signal);
    expect((await capture()).items).toEqual({ "models/invoices": "deleted", "classifiers/mail": "deleted" });
    expect((await capture({ reconcile: true })).items).toEqual({});
    service.addModel({ id: "invoices" });
    expect((await capture()).items).toEqual({ "models/invoices": "live" });
  });

  it("deletes what hangs below a deleted model, and nothing of one whose id begins alike", async () => {
    service.addModel({ id: "invoices2" });
    await capture();
    for (const key of [
      "training/models/invoices",
      "training/models/invoices/files/a.pdf",
      "training/models/invoices2",
      "training/models/invoices2/files/a.pdf",
    ]) {
      timeline.addCapture(Buffer.from(key), {});
    }
    await service.remove({ kind: "models", id: "invoices" }, contextOf().signal);
    expect((await capture()).items).toEqual({
      "models/invoices": "deleted",
      "training/models/invoices": "deleted",
      "training/models/invoices/files/a.pdf": "deleted",
    });
  });

  it("tells deletions from its own memory when the key may not read", async () => {
    timeline.mayRead = false;
    await capture();
    await service.remove({ kind: "models", id: "invoices" }, contextOf().signal);
    expect((await capture()).items).toEqual({ "models/invoices": "deleted" });
  });

  it("finds deletions by the kept keys when the cursor has no memory", async () => {
    await capture();
    timeline.cursor = {};
    await service.remove({ kind: "models", id: "invoices" }, contextOf().signal);
    const { run, items } = await capture();
    expect(run).toBe("delta");
    expect(items).toEqual({ "models/invoices": "deleted" });
  });

  it("deletes nothing that another version of the API does not show, and says so", async () => {
    service.addModel({ id: "early", apiVersion: "2022-08-31" });
    await capture();
    service = new FakeService({ name: "home", apiVersion: "2022-08-31" });
    const context = contextOf();
    const spoken = async (reconcile: boolean): Promise<Record<string, string>> =>
      (await timeline.capture(memorySource(service), { context, reconcile })).items;
    expect(await spoken(false)).toEqual({ "models/early": "deleted" });
    expect(context.warnings).toEqual([
      expect.stringMatching(/^3 models and classifiers are kept .* models\/invoices among/),
    ]);
    expect(await spoken(true)).toEqual({});
    service = new FakeService({ name: "home", apiVersion: "v2.1" });
    expect(await spoken(false)).toEqual({});
  });

  it("deletes nothing because of a list that breaks off", async () => {
    for (let at = 0; at < 150; at++) service.addModel({ id: `more-${at}` });
    await capture();
    await service.remove({ kind: "models", id: "invoices" }, contextOf().signal);
    const before = timeline.versions.size;
    service.failAt(2);
    await expect(capture()).rejects.toMatchObject({ code: "source-unreachable" });
    expect([...timeline.versions.values()].every(({ kind }) => kind === "live")).toBe(true);
    expect(timeline.versions.size).toBe(before);
    expect((await capture()).items).toEqual({ "models/invoices": "deleted" });
  });

  it("leaves a model as it was kept that is gone between the list and its reading, and looks again next time", async () => {
    await capture();
    service.change({ kind: "models", id: "receipts" }, { tags: {} });
    const listing = service.list.bind(service);
    service.list = async function* (kinds, signal) {
      for await (const page of listing(kinds, signal)) {
        await service.remove({ kind: "models", id: "receipts" }, signal);
        yield page;
      }
    };
    expect((await capture()).items).toEqual({});
    service.list = listing;
    expect((await capture()).items).toEqual({ "models/receipts": "deleted" });
  });

  it("leaves out a model whose training was begun anew between the list and its reading", async () => {
    service = new FakeService({ name: "old", apiVersion: "v2.1" });
    service.addModel({ id: OLD });
    const listing = service.list.bind(service);
    service.list = async function* (kinds, signal) {
      for await (const page of listing(kinds, signal)) {
        service.change({ kind: "models", id: OLD }, { status: "creating" });
        yield page;
      }
    };
    expect((await capture()).items).toEqual({});
  });

  it("is continued after a cut without reading again what it had read", async () => {
    for (let at = 0; at < 1_200; at++) service.addModel({ id: `more-${at}` });
    const context = contextOf();
    const source = memorySource(service);
    let resume: Cursor | undefined;
    for await (const event of source.capture(timeline.request(), context)) {
      timeline.keep(event);
      if (event.kind !== "checkpoint") continue;
      resume = event.cursor;
      break;
    }
    const events: CaptureEvent[] = [];
    const made = await calls(async () => {
      for await (const event of source.capture({ ...timeline.request(), resume }, context)) {
        events.push(event);
        timeline.keep(event);
      }
    });
    expect(timeline.versions.size).toBe(1_203);
    expect(made.filter((call) => call === "details").length).toBeLessThanOrEqual(703);
    expect(events.at(-1)?.kind).toBe("end");
  });

  it("says between which moments it looked", async () => {
    const began = service.cloud.now;
    const clock = { now: () => (service.cloud.now += 1_000) };
    for await (const event of memorySource(service).capture(timeline.request(), { ...contextOf(), clock })) {
      if (event.kind !== "end") continue;
      expect(event.completeAsOf).toBe(began + 1_000);
      expect(event.through).toBeGreaterThan(event.completeAsOf);
    }
  });

  it(
    "holds for twenty thousand models, in a cursor of less than two megabytes",
    { timeout: 20_000 },
    async () => {
      service = new FakeService({ name: "big", apiVersion: "v2.1" });
      for (let at = 0; at < 20_000; at++) service.addModel();
      await capture();
      expect(timeline.versions.size).toBe(20_000);
      expect(JSON.stringify(timeline.cursor).length).toBeLessThan(2_000_000);
      expect(new Set(await calls(() => capture()))).toEqual(new Set(["list models"]));
    },
  );

  it("ends with everything kept, whichever request failed before", async () => {
    for (let at = 0; at < 120; at++) service.addModel({ id: `more-${at}` });
    await capture();
    service.addModel({ id: "new" });
    service.change({ kind: "models", id: "more-7" }, { tags: { team: "c" } });
    await service.remove({ kind: "models", id: "more-9" }, contextOf().signal);
    const kept = new Map(timeline.versions);
    const { cursor } = timeline;
    const news = { "models/new": "live", "models/more-7": "live", "models/more-9": "deleted" };
    const requests = (await calls(() => capture())).length;
    expect(requests).toBe(5);
    for (let at = 1; at <= requests; at++) {
      timeline.versions.clear();
      for (const [key, version] of kept) timeline.versions.set(key, version);
      timeline.cursor = cursor;
      service.failAt(at);
      const found: Record<string, string> = {};
      let resume: Cursor | undefined;
      for (let attempt = 0; attempt < 2; attempt++) {
        try {
          for await (const event of memorySource(service).capture(
            { ...timeline.request(), resume },
            contextOf(),
          )) {
            for (const { key, kind } of timeline.keep(event)) found[key.toString()] = kind;
            if (event.kind === "checkpoint") resume = event.cursor;
          }
        } catch (error) {
          expect(error).toMatchObject({ code: "source-unreachable" });
        }
      }
      expect(found, `failure at request ${at}`).toEqual(news);
    }
  });

  it("throws what the service throws", async () => {
    service.failAt(2, "before", () => new HoldfastError("source-unauthorized", "wrong key"));
    await expect(capture()).rejects.toMatchObject({ code: "source-unauthorized" });
  });

  it("knows no other collection", async () => {
    const events = memorySource(service).capture({ ...timeline.request(), collection: "other" }, contextOf());
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "source-not-found" });
  });
});
