import { beforeEach, describe, expect, it } from "vitest";
import { keyOf, keyText, sortableKey } from "../../../src/model/key.ts";
import type { TrainingNote } from "../../../src/sources/form-recognizer/data/face.ts";
import { formReadiness } from "../../../src/sources/form-recognizer/readiness.ts";
import { FakeService } from "./fake-service.ts";
import { FormTimeline, memorySource } from "./memory-source.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const put = (timeline: FormTimeline, key: string, value: unknown, blobs: boolean): void => {
  const bytes = Buffer.from(JSON.stringify(value));
  const blob = {
    part: 0,
    name: "content",
    pack: "",
    encoding: "identity",
    sha256: "",
    alias: "",
    blob: "1",
    length: 1,
  };
  timeline.versions.set(sortableKey(keyOf(key)), {
    key: keyOf(key),
    kind: "live",
    revision: "",
    state: bytes,
    parts: [bytes],
    blobs: blobs ? [blob as never] : [],
  });
};

describe("readiness", () => {
  let service: FakeService;
  let timeline: FormTimeline;

  /** `kept`: files of the training that are kept; the note tells of five. */
  const tie = (name: string, note: Partial<TrainingNote> = {}, kept = 5): void => {
    const id = name.slice(name.indexOf("/") + 1);
    const model = service.models.get(name);
    const whole: TrainingNote = {
      format: 1,
      version: service.apiVersion.startsWith("v2") ? id : `${id}|${model?.modified}|${model?.apiVersion}`,
      buildMode: "template",
      set: "papers",
      prefix: "",
      evidence: "proved",
      doubts: [],
      generation: "0",
      files: 5,
      bytes: 5,
      ...note,
    };
    put(timeline, `training/${name}`, whole, false);
    for (let at = 0; at < kept; at++)
      put(timeline, `training/${name}/files/${at}.pdf`, { set: "papers" }, true);
  };

  const judge = async (): Promise<
    Record<string, { verdict: string; missing: string[]; estimateMs?: number }>
  > => {
    const found: Record<string, { verdict: string; missing: string[]; estimateMs?: number }> = {};
    for await (const { key, verdict, missing, estimateMs } of formReadiness("resource", timeline.reader())) {
      const whats = missing.map(({ what }) => what);
      found[keyText(key)] = { verdict, missing: whats, ...(estimateMs === undefined ? {} : { estimateMs }) };
    }
    return found;
  };

  beforeEach(() => {
    service = new FakeService({ name: "home", apiVersion: "2024-11-30" });
    timeline = new FormTimeline();
  });
  const capture = (): Promise<unknown> => timeline.capture(memorySource(service));

  it("calls a model lost of which no training data is kept, and names the one way back", async () => {
    service.addModel({ id: "invoices" });
    await capture();
    expect(await judge()).toEqual({
      "models/invoices": {
        verdict: "lost",
        missing: [
          "The data that models/invoices was trained from are not kept. Only a live copy in a standby can bring it back.",
        ],
      },
    });
  });

  it("calls a model degraded that can be trained again, because that makes a similar one", async () => {
    service.addModel({ id: "invoices" });
    await capture();
    tie("models/invoices");
    expect(await judge()).toEqual({
      "models/invoices": {
        verdict: "degraded",
        missing: [expect.stringContaining("makes a similar model, not the same one")],
        estimateMs: 5 * MINUTE_MS,
      },
    });
  });

  it("says that files may have been removed where nothing proves the contrary", async () => {
    service.addModel({ id: "invoices" });
    await capture();
    tie("models/invoices", { evidence: "unchanged" });
    expect((await judge())["models/invoices"]).toMatchObject({
      verdict: "degraded",
      missing: [expect.stringContaining("some may have been removed")],
    });
  });

  it("calls a model partial whose files changed since, with what is known of it", async () => {
    service.addModel({ id: "invoices" });
    await capture();
    tie("models/invoices", { evidence: "changed-since", doubts: ["a.pdf is newer"] });
    expect((await judge())["models/invoices"]).toMatchObject({
      verdict: "partial",
      missing: [expect.stringContaining("a.pdf is newer")],
    });
  });

  it("calls a model partial of whose files some are missing", async () => {
    service.addModel({ id: "invoices" });
    await capture();
    tie("models/invoices", {}, 3);
    expect((await judge())["models/invoices"]).toMatchObject({
      verdict: "partial",
      missing: [expect.stringContaining("Only 3 of the 5 files")],
    });
  });

  it("counts neither the note of another training nor one that found no data set", async () => {
    service.addModel({ id: "invoices" });
    service.addModel({ id: "receipts" });
    await capture();
    tie("models/invoices", { version: "invoices|2001-01-01T00:00:00Z|2024-11-30" });
    tie("models/receipts", { evidence: "unknown", doubts: ["no data set is configured for it"] }, 0);
    expect(await judge()).toMatchObject({
      "models/invoices": { verdict: "lost", missing: [expect.stringContaining("another training")] },
      "models/receipts": { verdict: "lost", missing: [expect.stringContaining("no data set is configured")] },
    });
  });

  it("gives a composed model the worst of its parts, the worst said first, and the time of all of them", async () => {
    service.addModel({ id: "sorter", kind: "classifiers" });
    service.addModel({ id: "plain" });
    service.addModel({
      id: "deep",
      content: { docTypes: { deep: { buildMode: "neural", fieldSchema: {} } } },
    });
    const docTypes = { a: { modelId: "plain" }, b: { modelId: "deep" } };
    service.addModel({ id: "whole", composed: true, classifier: "sorter", content: { docTypes } });
    await capture();
    tie("classifiers/sorter");
    tie("models/plain");
    tie("models/deep", { evidence: "changed-since" });
    const all = await judge();
    expect(all["models/whole"]).toMatchObject({
      verdict: "partial",
      estimateMs: HOUR_MS + 10 * MINUTE_MS,
    });
    expect(all["models/whole"]?.missing[0]).toContain("models/deep");
    timeline.versions.delete(sortableKey(keyOf("training/models/plain")));
    expect((await judge())["models/whole"]?.verdict).toBe("lost");
    timeline.versions.delete(sortableKey(keyOf("models/plain")));
    expect((await judge())["models/whole"]?.missing[0]).toBe(
      "Its part models/plain is not kept. Only a live copy in a standby can bring it back.",
    );
  });

  it("takes the models that the document types are called like for the parts, where the service does not tell them", async () => {
    service = new FakeService({ name: "home", apiVersion: "2022-08-31" });
    service.addModel({ id: "a" });
    service.addModel({ id: "b" });
    service.addModel({ id: "whole", composed: true, content: { docTypes: { a: {}, b: {} } } });
    await capture();
    tie("models/a");
    tie("models/b");
    expect((await judge())["models/whole"]).toMatchObject({
      verdict: "degraded",
      estimateMs: 10 * MINUTE_MS,
    });
  });

  it("calls a composed model lost where the service does not tell its parts", async () => {
    service = new FakeService({ name: "home", apiVersion: "2022-08-31" });
    service.addModel({ id: "whole", composed: true, content: { docTypes: { a: {}, b: {} } } });
    await capture();
    expect((await judge())["models/whole"]).toMatchObject({
      verdict: "lost",
      missing: [expect.stringContaining("Nothing tells what models/whole is composed of")],
    });
  });

  it("names the date of expiry, and the end of v2.x", async () => {
    service.addModel({ id: "invoices", expires: "2027-05-06T07:08:09Z" });
    await capture();
    tie("models/invoices");
    expect((await judge())["models/invoices"]?.missing.at(-1)).toMatch(/^It expires on 2027-05-06, /);
    service = new FakeService({ name: "old", apiVersion: "v2.1" });
    timeline = new FormTimeline();
    const id = service.addModel();
    await capture();
    tie(`models/${id}`);
    expect((await judge())[`models/${id}`]).toMatchObject({
      verdict: "degraded",
      missing: [expect.anything(), expect.stringContaining("2027-09-15")],
    });
  });

  it("says nothing of what failed to be trained, nor of what was deleted", async () => {
    service = new FakeService({ name: "old", apiVersion: "v2.1" });
    service.addModel({ status: "invalid", content: {} });
    const id = service.addModel();
    await capture();
    service.models.delete(`models/${id}`);
    await capture();
    expect(await judge()).toEqual({});
  });
});
