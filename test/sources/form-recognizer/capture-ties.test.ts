import { beforeEach, describe, expect, it } from "vitest";
import type { TrainingNote } from "../../../src/sources/form-recognizer/data/face.ts";
import type { Cursor } from "../../../src/sources/source.ts";
import { contextOf, type Context } from "../watson/timeline.ts";
import { FakeService } from "./fake-service.ts";
import { MemoryContainer } from "./memory-container.ts";
import { FormTimeline, memorySource, type MemorySet } from "./memory-source.ts";
import { trainingSet } from "./training-set.ts";

const HOUR_MS = 3_600_000;

describe("capture of what models were trained from", () => {
  let service: FakeService;
  let container: MemoryContainer;
  let sets: MemorySet[];
  let timeline: FormTimeline;
  let context: Context;
  const capture = async (): Promise<Record<string, string>> =>
    (await timeline.capture(memorySource(service, sets), { context })).items;
  const note = (id: string): TrainingNote =>
    JSON.parse(timeline.body(`training/models/${id}`) ?? "{}") as TrainingNote;
  const upload = (series: number): void => {
    for (const { name, content } of trainingSet({ series })) {
      container.put({ name, content, at: service.cloud.now });
    }
  };
  const later = (): void => void (service.cloud.now += HOUR_MS);

  beforeEach(() => {
    service = new FakeService({ name: "home", apiVersion: "2022-08-31" });
    container = new MemoryContainer();
    sets = [{ set: { name: "papers", models: ["invoice*"] }, container }];
    timeline = new FormTimeline();
    context = contextOf({ now: () => service.cloud.now });
    upload(1);
    later();
  });

  it("ties each model to the files of its data set, in the run that first meets it", async () => {
    service.addModel({ id: "invoices" });
    later();
    const items = await capture();
    expect(Object.keys(items).filter((key) => key.startsWith("data/papers/"))).toHaveLength(16);
    expect(
      Object.keys(items).filter((key) => key.startsWith("training/models/invoices/files/")),
    ).toHaveLength(16);
    expect(note("invoices")).toMatchObject({
      set: "papers",
      files: 16,
      version: expect.stringContaining("invoices"),
    });
    expect(["proved", "unchanged"]).toContain(note("invoices").evidence);
  });

  it("does not ask again for what is tied, though the data change", async () => {
    service.addModel({ id: "invoices" });
    later();
    await capture();
    const before = service.faults.calls.length;
    expect(await capture()).toEqual({});
    upload(2);
    later();
    const keys = Object.keys(await capture());
    expect(keys.filter((key) => key.startsWith("data/"))).not.toEqual([]);
    expect(keys.filter((key) => key.startsWith("training/"))).toEqual([]);
    expect(service.faults.calls.slice(before)).toEqual(["list models", "list models"]);
  });

  it("ties a model anew when it was trained anew", async () => {
    service.addModel({ id: "invoices" });
    later();
    await capture();
    const first = note("invoices");
    upload(2);
    later();
    service.change({ kind: "models", id: "invoices" }, { created: service.cloud.stamp() });
    later();
    expect(Object.keys(await capture())).toContain("training/models/invoices");
    expect(note("invoices").generation).not.toBe(first.generation);
    expect(note("invoices").version).not.toBe(first.version);
  });

  it("does not tie it anew when only its tags changed", async () => {
    service.addModel({ id: "invoices" });
    later();
    await capture();
    service.change({ kind: "models", id: "invoices" }, { tags: { team: "b" } });
    expect(await capture()).toEqual({ "models/invoices": "live" });
  });

  it("ties what was cut off before it was tied", async () => {
    service.addModel({ id: "invoices" });
    later();
    let resume: Cursor | undefined;
    const source = memorySource(service, sets);
    for await (const event of source.capture(timeline.request(), context)) {
      timeline.keep(event);
      if (event.kind !== "checkpoint") continue;
      resume = event.cursor;
      break;
    }
    expect(timeline.body("training/models/invoices")).toBeUndefined();
    for await (const event of source.capture({ ...timeline.request(), resume }, context))
      timeline.keep(event);
    expect(note("invoices").files).toBe(16);
  });

  it("keeps no notes while no data set is configured, and ties everything once there is one", async () => {
    service.addModel({ id: "invoices" });
    const configured = sets;
    sets = [];
    later();
    expect(await capture()).toEqual({ "models/invoices": "live" });
    sets = configured;
    expect(Object.keys(await capture())).toContain("training/models/invoices");
    expect(note("invoices").files).toBe(16);
  });

  it("asks again for a model of no known data set when other sets are configured, and not before", async () => {
    service.addModel({ id: "receipts" });
    later();
    await capture();
    expect(note("receipts").evidence).toBe("unknown");
    const before = service.faults.calls.length;
    expect(await capture()).toEqual({});
    expect(service.faults.calls.slice(before)).toEqual(["list models"]);
    sets = [{ set: { name: "papers", models: ["*"] }, container }];
    expect(Object.keys(await capture())).toContain("training/models/receipts");
    expect(note("receipts").set).toBe("papers");
  });

  it("keeps the models though a data set cannot be read, says so, and ties them when it can be read again", async () => {
    service.addModel({ id: "invoices" });
    container.closed = true;
    later();
    expect(Object.keys(await capture())).toContain("models/invoices");
    expect(context.warnings.join()).toContain("papers");
    container.closed = false;
    await capture();
    expect(note("invoices").files).toBe(16);
  });

  it("leaves files as they are kept while their data set cannot be read", async () => {
    await capture();
    container.closed = true;
    expect(await capture()).toEqual({});
  });

  it("looks for no training data of what failed to be trained", async () => {
    service = new FakeService({ name: "old", apiVersion: "v2.1" });
    const id = service.addModel({ status: "invalid", name: "invoice" });
    later();
    await capture();
    expect(timeline.body(`models/${id}`)).toBeDefined();
    expect(timeline.body(`training/models/${id}`)).toBeUndefined();
  });
});
