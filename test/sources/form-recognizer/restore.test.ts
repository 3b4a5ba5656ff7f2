import { beforeEach, describe, expect, it } from "vitest";
import { modelKey, type ModelRef } from "../../../src/sources/form-recognizer/keys.ts";
import type { FormResource } from "../../../src/sources/form-recognizer/resource.ts";
import type { RestoreOutcome } from "../../../src/sources/source.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import { acted, contextOf } from "../watson/timeline.ts";
import type { FakeService } from "./fake-service.ts";
import { Stand } from "./restore-stand.ts";

const IN_PLACE = { mode: "content" } as const;
const REPLACE = { settings: { retrain: true, replace: true } } as const;
const FILES = [{ name: "a.pdf", content: Buffer.from("a") }];
const INVOICES: ModelRef = { kind: "models", id: "invoices" };

let stand: Stand;
let service: FakeService;
let resource: FormResource;

beforeEach(() => {
  stand = new Stand();
  ({ service, resource } = stand.resource("home", "2024-11-30"));
});

/** A trained model whose data are kept. */
async function keepModel(ref: ModelRef = INVOICES): Promise<void> {
  service.addModel(ref);
  stand.kept.keepTraining(ref, await stand.kept.keep(service, ref), FILES);
}

/** Somebody trains it again, later. */
function rebuild(ref: ModelRef = INVOICES): void {
  stand.cloud.now += 60_000;
  service.models.delete(`${ref.kind}/${ref.id}`);
  service.addModel(ref);
}

/** The present state of all items is kept but for those whose keys end so. */
const keptBut =
  (end: string) =>
  async (states: readonly { readonly key: Buffer }[]): Promise<boolean[]> =>
    states.map(({ key }) => !key.toString().endsWith(end));

const writes = (): string[] =>
  service.faults.calls.filter((call) => !/^(?:list|details|operations|buildState)/.test(call));

async function inPlace(more: Parameters<Stand["restore"]>[1] = {}): Promise<Record<string, RestoreOutcome>> {
  return await stand.restore(resource, { ...IN_PLACE, ...more });
}

describe("a restore in place", () => {
  it("touches nothing that is the same training, also where its description was changed", async () => {
    await keepModel();
    service.change(INVOICES, { description: "renamed", tags: { a: "b" } });
    expect(acted(await inPlace({ settings: { retrain: true } }))).toEqual({});
    expect(writes()).toEqual([]);
  });

  it("never overwrites another state silently, and says how it could be replaced", async () => {
    await keepModel();
    rebuild();
    const outcomes = await inPlace({ settings: { retrain: true } });
    expect(outcomes["models/invoices"]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/another state.*left alone.*replace=true/),
    });
    expect(writes()).toEqual([]);
  });

  it("replaces it when that was asked for, and a second time writes nothing", async () => {
    await keepModel();
    rebuild();
    const planned = acted(await inPlace({ ...REPLACE, apply: false }));
    expect(writes()).toEqual([]);
    expect(acted(await inPlace(REPLACE))).toEqual({ "models/invoices": "change" });
    expect(planned).toEqual({ "models/invoices": "change" });
    expect(writes()).toEqual(["remove", "build"]);
    expect(acted(await inPlace(REPLACE))).toEqual({});
  });

  it("gives nothing up for what cannot be made: without kept data the present one stays", async () => {
    service.addModel(INVOICES);
    await stand.kept.keep(service, INVOICES);
    rebuild();
    expect((await inPlace(REPLACE))["models/invoices"]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/has another state of it.*no training data is kept/),
    });
    expect(writes()).toEqual([]);
  });

  it("replaces nothing whose present state is not kept", async () => {
    await keepModel();
    rebuild();
    expect(acted(await inPlace({ ...REPLACE, kept: keptBut("invoices") }))).toEqual({
      "models/invoices": "unstable",
    });
    expect(writes()).toEqual([]);
  });

  it("leaves what is newer alone, and deletes it only when told to", async () => {
    await keepModel();
    service.addModel({ id: "newer" });
    stand.kept.gone(modelKey({ kind: "models", id: "gone" }));
    service.addModel({ id: "gone" });
    expect(acted(await inPlace())).toEqual({ "models/gone": "newer", "models/newer": "newer" });
    expect(writes()).toEqual([]);
    expect(acted(await inPlace({ newerItems: "delete" }))).toEqual({
      "models/gone": "delete",
      "models/newer": "delete",
    });
    expect([...service.models.keys()]).toEqual(["models/invoices"]);
  });

  it("of chosen items says nothing of the others", async () => {
    await keepModel();
    service.addModel({ id: "newer" });
    const reader = stand.kept.reader((key) => key === "models/invoices");
    expect(Object.keys(await inPlace({ reader, whole: false, newerItems: "delete" }))).toEqual([
      "models/invoices",
    ]);
    expect(service.models.size).toBe(2);
  });

  it("of a chosen model that was not there takes back what a restore has made, and nothing else", async () => {
    await keepModel();
    service.models.clear();
    await inPlace({ settings: { retrain: true } });
    service.addModel({ id: "theirs" });
    for (const id of ["invoices", "theirs"]) stand.kept.gone(modelKey({ kind: "models", id }));
    const reader = stand.kept.reader((key) => key.startsWith("models/"));
    expect(acted(await inPlace({ reader, whole: false }))).toEqual({
      "models/invoices": "delete",
      "models/theirs": "newer",
    });
    expect([...service.models.keys()]).toEqual(["models/theirs"]);
  });

  it("has nothing to put back of a training that had failed", async () => {
    const old = stand.resource("old", "v2.1");
    const ref: ModelRef = { kind: "models", id: old.service.addModel({ status: "invalid" }) };
    await stand.kept.keep(old.service, ref);
    old.service.models.clear();
    expect((await stand.restore(old.resource, IN_PLACE))[`models/${ref.id}`]).toMatchObject({
      action: "same",
    });
  });
});

describe("a restore into another resource", () => {
  it("refuses to mix a whole copy with somebody's models unasked, and goes on with its own", async () => {
    await keepModel();
    const away = stand.resource("away", "2024-11-30");
    away.service.addModel({ id: "theirs" });
    const settings = { retrain: true };
    await expect(stand.restore(away.resource, { settings })).rejects.toMatchObject({
      code: "target-not-empty",
      message: expect.stringMatching(/models\/theirs/),
    });
    await stand.restore(away.resource, { settings, merge: true });
    away.service.models.delete("models/theirs");
    expect(acted(await stand.restore(away.resource, { settings }))).toEqual({});
  });

  it("knows of no exact mode and of no other collection", async () => {
    await expect(stand.restore(resource, { mode: "exact" })).rejects.toMatchObject({ code: "usage" });
    await expect(stand.restore(resource, { target: "models" })).rejects.toMatchObject({
      code: "source-not-found",
    });
  });

  it("refuses settings that it does not know", async () => {
    await expect(stand.restore(resource, { settings: { train: true } })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(/train .*retrain, replace, data, allowDowngrade/),
    });
    await expect(stand.restore(resource, { settings: { retrain: "yes" } })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(/retrain must be true or false/),
    });
  });
});

describe("composed models", () => {
  it("of v4 are composed again from the classifier and the models that stand for their parts", async () => {
    await keepModel();
    await keepModel({ kind: "classifiers", id: "sorter" });
    const docTypes = {
      invoice: { modelId: "invoices", confidenceThreshold: 0.5, fieldSchema: {} },
    };
    service.addModel({
      id: "all",
      composed: true,
      components: ["invoices"],
      classifier: "sorter",
      content: { docTypes, split: "auto" },
    });
    await stand.kept.keep(service, { kind: "models", id: "all" });
    const away = stand.resource("away", "2024-11-30");
    away.service.addModel({ ...INVOICES, status: "reserved" });
    const asked: unknown[] = [];
    const composing = away.service.compose.bind(away.service);
    away.service.compose = async (request, signal) => {
      asked.push(request);
      return await composing(request, signal);
    };
    const outcomes = await stand.restore(away.resource, { settings: { retrain: true } });
    expect(acted(outcomes)).toEqual({
      "classifiers/sorter": "create",
      "models/all": "create",
      "models/invoices": "create",
    });
    const mapped = outcomes["models/invoices"]?.mapped?.target;
    expect(mapped).not.toBe("invoices");
    expect(asked).toEqual([
      {
        id: "all",
        tags: {},
        components: [mapped],
        classifier: "sorter",
        split: "auto",
        docTypes: { invoice: { modelId: mapped, confidenceThreshold: 0.5 } },
      },
    ]);
    expect(acted(await stand.restore(away.resource, { settings: { retrain: true } }))).toEqual({});
  });

  it("of v2.1 are composed again of the new ids, with no training where the parts are there", async () => {
    const old = stand.resource("old", "v2.1");
    const part = old.service.addModel({ name: "part" });
    const all = old.service.addModel({
      name: "all",
      composed: true,
      components: [part],
      buildMode: "composed",
    });
    for (const id of [part, all]) {
      old.service.change(
        { kind: "models", id },
        { content: id === all ? composedOf(part) : learntOf("part") },
      );
      await stand.kept.keep(old.service, { kind: "models", id });
    }
    old.service.models.delete(`models/${all}`);
    const outcomes = await stand.restore(old.resource, IN_PLACE);
    expect(acted(outcomes)).toEqual({ [`models/${all}`]: "create" });
    const target = outcomes[`models/${all}`]?.mapped?.target ?? "";
    expect(old.service.models.get(`models/${target}`)).toMatchObject({ name: "all", components: [part] });
    expect(acted(await stand.restore(old.resource, IN_PLACE))).toEqual({});
  });

  it("of v3 are composed of the models that their document types are called like, which is all that tells", async () => {
    const old = stand.resource("old", "2022-08-31");
    for (const id of ["one", "two"]) {
      old.service.addModel({ id });
      const ref: ModelRef = { kind: "models", id };
      stand.kept.keepTraining(ref, await stand.kept.keep(old.service, ref), FILES);
    }
    old.service.addModel({ id: "all", content: { docTypes: { one: {}, two: {} } } });
    await stand.kept.keep(old.service, { kind: "models", id: "all" });
    const away = stand.resource("away", "2022-08-31");
    const reader = stand.kept.reader((key) => key === "models/all");
    const request = { reader, whole: false, settings: { retrain: true } } as const;
    expect(acted(await stand.restore(away.resource, request))).toEqual({
      "models/all": "create",
      "models/one": "create",
      "models/two": "create",
    });
    expect(away.service.models.get("models/all")).toMatchObject({
      composed: true,
      components: ["one", "two"],
    });
  });

  it("bring the parts along that the target lacks, when they alone were chosen", async () => {
    await keepModel({ kind: "classifiers", id: "sorter" });
    await keepModel();
    service.addModel({
      id: "all",
      composed: true,
      components: ["invoices"],
      classifier: "sorter",
      content: { docTypes: { invoice: { modelId: "invoices" } } },
    });
    await stand.kept.keep(service, { kind: "models", id: "all" });
    const away = stand.resource("away", "2024-11-30");
    const reader = stand.kept.reader((key) => key === "models/all");
    const outcomes = await stand.restore(away.resource, {
      reader,
      whole: false,
      settings: { retrain: true },
    });
    expect(Object.keys(outcomes)).toEqual(["classifiers/sorter", "models/invoices", "models/all"]);
    expect(new Set(Object.values(acted(outcomes)))).toEqual(new Set(["create"]));
  });

  it("whose parts cannot be had are told with the parts that are missing", async () => {
    await keepModel({ kind: "classifiers", id: "sorter" });
    service.addModel({
      id: "all",
      composed: true,
      components: ["lost"],
      classifier: "sorter",
      content: { docTypes: { invoice: { modelId: "lost" } } },
    });
    await stand.kept.keep(service, { kind: "models", id: "all" });
    const away = stand.resource("away", "2024-11-30");
    const outcomes = await stand.restore(away.resource, { settings: { retrain: true } });
    expect(outcomes["models/all"]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/parts that the target does not have: models\/lost/),
    });
    expect(outcomes["models/lost"]).toMatchObject({ action: "failed" });
  });

  it("are previewed as made from parts that would be made", async () => {
    await keepModel();
    await keepModel({ kind: "classifiers", id: "sorter" });
    service.addModel({
      id: "all",
      composed: true,
      components: ["invoices"],
      classifier: "sorter",
      content: { docTypes: { invoice: { modelId: "invoices" } } },
    });
    await stand.kept.keep(service, { kind: "models", id: "all" });
    const away = stand.resource("away", "2024-11-30");
    const planned = acted(await stand.restore(away.resource, { apply: false, settings: { retrain: true } }));
    expect(away.service.models.size).toBe(0);
    expect(acted(await stand.restore(away.resource, { settings: { retrain: true } }))).toEqual(planned);
  });
});

describe("training data", () => {
  const URL = "https://data.example.test/forms";
  const SET = { name: "invoices", url: URL };
  const DATA = ["in/a.pdf", "in/b.pdf", "in/c.pdf"].map((name) => ({ name, content: Buffer.from(name) }));

  beforeEach(() => {
    ({ service, resource } = stand.resource("home", "2024-11-30", { dataSets: [SET] }));
    stand.kept.keepData("invoices", DATA);
    const container = stand.container(URL);
    container.put(DATA[0]!);
    container.put({ name: "in/b.pdf", content: Buffer.from("in/B.pdf") });
    container.put({ name: "in/d.pdf", content: Buffer.from("newer") });
  });

  it("is left alone by a whole restore, which says so once", async () => {
    const context = contextOf(stand.clock);
    expect(acted(await inPlace({ context }))).toEqual({});
    expect(stand.container(URL).calls).toEqual([]);
    expect(context.warnings).toEqual([expect.stringMatching(/data=true.*--prefix data\//)]);
  });

  it("is put back when it is asked for, what is equal left out; what is newer stays unless told otherwise", async () => {
    const settings = { data: true };
    const expected = { "data/invoices/in/b.pdf": "change", "data/invoices/in/c.pdf": "create" };
    const newer = { "data/invoices/in/d.pdf": "newer" };
    expect(acted(await inPlace({ settings, apply: false }))).toEqual({ ...expected, ...newer });
    expect(stand.container(URL).writes).toEqual([]);
    expect(acted(await inPlace({ settings }))).toEqual({ ...expected, ...newer });
    expect(stand.container(URL).writes).toEqual(["write in/b.pdf", "write in/c.pdf"]);
    expect(stand.container(URL).files.get("in/b.pdf")?.content.toString()).toBe("in/b.pdf");
    expect(acted(await inPlace({ settings }))).toEqual(newer);
    expect(acted(await inPlace({ settings, newerItems: "delete" }))).toEqual({
      "data/invoices/in/d.pdf": "delete",
    });
  });

  it("is put back when it was chosen, without looking at anything else", async () => {
    const reader = stand.kept.reader((key) => key === "data/invoices/in/c.pdf");
    expect(await inPlace({ reader, whole: false })).toEqual({
      "data/invoices/in/c.pdf": { key: Buffer.from("data/invoices/in/c.pdf"), action: "create" },
    });
    expect(stand.container(URL).calls).toEqual(["find in/c.pdf", "write in/c.pdf"]);
  });

  it("of which many files are chosen is compared with the container's list", async () => {
    const many = Array.from({ length: 300 }, (_, at) => ({
      name: `m/${String(at).padStart(3, "0")}.pdf`,
      content: Buffer.from(`document ${at}`),
    }));
    stand.kept.keepData("invoices", many);
    for (const file of many) if (file.name !== "m/123.pdf") stand.container(URL).put(file);
    const reader = stand.kept.reader((key) => key.startsWith("data/invoices/m/"));
    expect(acted(await inPlace({ reader, whole: false }))).toEqual({ "data/invoices/m/123.pdf": "create" });
    expect(stand.container(URL).calls).toEqual(["list", "find m/123.pdf", "write m/123.pdf"]);
  });

  it("is compared by content where the service computes no digest", async () => {
    const container = stand.container(URL);
    container.withoutMd5 = true;
    container.put(DATA[1]!);
    container.put({ ...DATA[2]!, content: Buffer.from("in/C.pdf") });
    expect(acted(await inPlace({ settings: { data: true } }))).toEqual({
      "data/invoices/in/c.pdf": "change",
      "data/invoices/in/d.pdf": "newer",
    });
  });

  it("that was deleted at the instant is newer where it is there all the same", async () => {
    stand.kept.gone(Buffer.from("data/invoices/in/d.pdf"));
    stand.kept.gone(Buffer.from("data/invoices/in/e.pdf"));
    const settings = { data: true };
    expect((await inPlace({ settings }))["data/invoices/in/e.pdf"]).toMatchObject({ action: "same" });
    expect(acted(await inPlace({ settings }))).toEqual({ "data/invoices/in/d.pdf": "newer" });
    const reader = stand.kept.reader((key) => key === "data/invoices/in/d.pdf");
    expect(acted(await inPlace({ reader, whole: false }))).toEqual({ "data/invoices/in/d.pdf": "delete" });
  });

  it("whose present state is not kept is left as it is", async () => {
    const outcomes = await inPlace({
      kept: keptBut("b.pdf"),
      settings: { data: true },
      newerItems: "delete",
    });
    expect(acted(outcomes)).toEqual({
      "data/invoices/in/b.pdf": "unstable",
      "data/invoices/in/c.pdf": "create",
      "data/invoices/in/d.pdf": "delete",
    });
  });

  it("of a set that the target does not know is told so, file by file", async () => {
    const away = stand.resource("away", "2024-11-30");
    const outcomes = await stand.restore(away.resource, { settings: { data: true }, ids: new MemoryIds() });
    expect(Object.values(outcomes)).toHaveLength(3);
    for (const outcome of Object.values(outcomes)) {
      expect(outcome).toMatchObject({
        action: "failed",
        reason: expect.stringMatching(/no data set invoices/),
      });
    }
  });
});

const composedOf = (id: string): Record<string, unknown> => ({
  composedTrainResults: [{ modelId: id, fields: [{ fieldName: "part", accuracy: 0.9 }] }],
});
const learntOf = (field: string): Record<string, unknown> => ({
  trainResult: { fields: [{ fieldName: field, accuracy: 0.9 }] },
});
