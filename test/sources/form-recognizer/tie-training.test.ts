import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/model/clock.ts";
import type { DataSetConfig } from "../../../src/sources/form-recognizer/config.ts";
import { openContainer } from "../../../src/sources/form-recognizer/data/container.ts";
import type { OpenDataSet } from "../../../src/sources/form-recognizer/data/face.ts";
import type { ModelDetails } from "../../../src/sources/form-recognizer/service/face.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "../../rigs/azurite.ts";
import { BreakingWire, HASTY, KeptData, modelOf, type Fault } from "./data-rig.ts";
import { documentNames, trainingSet } from "./training-set.ts";

let azurite: Azurite;
let wire: BreakingWire;
let place: AzuriteContainer;
let kept: KeptData;
let number = 0;

beforeAll(async () => {
  azurite = await startAzurite();
  wire = await new BreakingWire(azurite.url).listen();
});
afterAll(async () => {
  await wire[Symbol.asyncDispose]();
  await azurite.close();
});
beforeEach(async () => {
  place = await azurite.container(`forms-${++number}`);
  wire.reset();
  kept = new KeptData();
});

/** A configured set on the test's container, or another one; asked through the wire. */
function openSet(more: Partial<DataSetConfig> = {}, at: AzuriteContainer = place): OpenDataSet {
  const set = { name: "forms", ...at.keyConfig(), ...more };
  const config = { ...set, url: wire.through(set.url) };
  return { set, container: openContainer(config, systemClock, { retry: HASTY }) };
}

async function captured(open: OpenDataSet): Promise<OpenDataSet> {
  const { memory } = await kept.capture(open.set, open.container);
  return { ...open, ...(memory && { memory }) };
}

/** A time after, or before, everything in the containers so far, as the service writes it. */
function moment(seconds: number): string {
  return new Date(systemClock.now() + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Two documents: seven files. */
const FEW = { documents: 2 };

/** Longer than a build takes. */
const LATER = 7200;
const EARLIER = -3600;

/** v4: says where it was trained from. */
function told(prefix: string, created: string, more: Partial<ModelDetails> = {}): ModelDetails {
  const azureBlobSource = { containerUrl: `${place.url}?sv=1&sig=x`, prefix };
  return modelOf({ id: "m", created, body: { azureBlobSource }, ...more });
}

/** v2.x: says which documents it took in. */
function trainedOn(
  names: readonly string[],
  created: string,
  more: Partial<ModelDetails> = {},
): ModelDetails {
  const trainingDocuments = names.map((documentName) => ({ documentName, pages: 1, status: "succeeded" }));
  const body = { trainResult: { trainingDocuments } };
  return modelOf({ id: "g", apiVersion: "v2.1", buildMode: "labelled", created, body, ...more });
}

function sourceIn(at: AzuriteContainer, prefix: string) {
  return { azureBlobSource: { containerUrl: at.url, prefix } };
}

function filesOf(names: readonly string[], model = "models/m"): string[] {
  return names.map((name) => `training/${model}/files/${name}`).toSorted();
}

describe("a model is tied to its files", () => {
  it("by the container and prefix that the service names, and nothing is read or stored again", async () => {
    const files = trainingSet({ ...FEW, prefix: "2026/" });
    await place.putAll(files);
    await place.put("2025/old.pdf", "other");
    const set = await captured(openSet());
    const stored = kept.stored;
    wire.reset();
    const { items, note } = await kept.tie(told("2026/", moment(LATER)), [set]);
    expect(Object.keys(items).at(-1)).toBe("training/models/m");
    expect(kept.live("training/models/m/files/")).toEqual(filesOf(files.map(({ name }) => name)));
    for (const { name, content } of files) {
      expect(kept.content(`training/models/m/files/${name}`)).toEqual(content);
    }
    expect(kept.stored).toBe(stored);
    expect(wire.requests).toHaveLength(1);
    expect(note).toMatchObject({
      format: 1,
      version: "v1",
      buildMode: "template",
      set: "forms",
      prefix: "2026/",
      files: files.length,
      bytes: files.reduce((sum, { content }) => sum + content.length, 0),
    });
  });

  it.each([
    ["its id", { models: ["inv*"] }, { id: "invoices" }],
    ["its name", { models: ["Rechnungen"] }, { id: "x", name: "Rechnungen" }],
  ])("by a configured pattern of %s", async (_, config, model) => {
    await place.putAll(trainingSet({ ...FEW, prefix: "p/" }));
    const other = await azurite.container(`other-${number}`);
    const sets = [openSet({ name: "other" }, other), openSet({ ...config, prefix: "p/" })];
    const { note } = await kept.tie(modelOf({ ...model, created: moment(LATER) }), sets);
    expect(note).toMatchObject({ set: "forms", prefix: "p/", files: 7, evidence: "unchanged" });
  });

  it("by the names of the documents that v2.x took in, without those that came later", async () => {
    const files = trainingSet({ ...FEW, layout: "v2" });
    await place.putAll(files);
    await place.put("notes.txt", "not trained");
    const other = await azurite.container(`other-${number}`);
    await other.put("invoice-01.pdf", "only one of them");
    const sets = [openSet({ name: "other" }, other), openSet()];
    const { note } = await kept.tie(trainedOn(documentNames(files), moment(LATER)), sets);
    expect(note).toMatchObject({ set: "forms", evidence: "proved", doubts: [] });
    expect(kept.live("training/models/g/files/")).toEqual(
      filesOf(
        files.map(({ name }) => name),
        "models/g",
      ),
    );
  });

  it("by those names also where they are told without the set's prefix", async () => {
    const files = trainingSet({ ...FEW, prefix: "in/" });
    await place.putAll(files);
    const sets = [openSet({ prefix: "in/" })];
    const { note } = await kept.tie(trainedOn(documentNames(files, "in/"), moment(LATER)), sets);
    expect(note).toMatchObject({ set: "forms", evidence: "proved", files: files.length });
  });

  it("by a list of files: these documents and what belongs to them", async () => {
    await place.putAll(trainingSet({ documents: 4 }));
    await place.put(
      "lists/three.jsonl",
      ["01", "02", "03"].map((at) => `{"file":"invoice-${at}.pdf"}\n`).join(""),
    );
    const azureBlobFileListSource = { containerUrl: place.url, fileList: "lists/three.jsonl" };
    const model = modelOf({ id: "m", created: moment(LATER), body: { azureBlobFileListSource } });
    const { note } = await kept.tie(model, [openSet()]);
    expect(note).toMatchObject({
      set: "forms",
      fileList: "lists/three.jsonl",
      evidence: "proved",
      files: 11,
    });
    expect(kept.live("training/models/m/files/")).not.toContain("training/models/m/files/invoice-04.pdf");
    expect(kept.live("training/models/m/files/")).toContain("training/models/m/files/lists/three.jsonl");
  });

  it("a classifier for each of its document types, also from several containers", async () => {
    const other = await azurite.container(`other-${number}`);
    await place.put("cars/1.pdf", "car");
    await place.put("all/1.pdf", "any");
    await other.put("boats/1.pdf", "boat");
    const docTypes = {
      car: sourceIn(place, "cars/"),
      vehicle: sourceIn(place, "cars"),
      boat: sourceIn(other, "boats/"),
    };
    const model = modelOf({
      kind: "classifiers",
      id: "c",
      buildMode: "classifier",
      created: moment(LATER),
      body: { docTypes },
    });
    const { note } = await kept.tie(model, [openSet(), openSet({ name: "boats" }, other)]);
    expect(note).toMatchObject({
      docTypes: {
        car: { set: "forms", prefix: "cars/" },
        vehicle: { set: "forms", prefix: "cars" },
        boat: { set: "boats", prefix: "boats/" },
      },
      files: 2,
      evidence: "unchanged",
    });
    expect(kept.contents("training/classifiers/c/files/")).toEqual({
      "training/classifiers/c/files/boats/1.pdf": "boat",
      "training/classifiers/c/files/cars/1.pdf": "car",
    });
  });

  it("of two containers' files with one name the first is kept, and the other is told", async () => {
    const other = await azurite.container(`other-${number}`);
    await place.put("1.pdf", "mine");
    await other.put("1.pdf", "theirs");
    const docTypes = Object.fromEntries(
      [place, other].map((at, index) => [`type ${index}`, { azureBlobSource: { containerUrl: at.url } }]),
    );
    const model = modelOf({ kind: "classifiers", id: "c", created: moment(LATER), body: { docTypes } });
    const { note } = await kept.tie(model, [openSet(), openSet({ name: "theirs" }, other)]);
    expect(note).toMatchObject({ evidence: "changed-since", files: 1 });
    expect(note.doubts).toEqual([expect.stringContaining("1.pdf")]);
    expect(kept.contents("training/classifiers/c/files/")).toEqual({
      "training/classifiers/c/files/1.pdf": "mine",
    });
  });

  it("by nothing when it is composed: the note says of what", async () => {
    await place.putAll(trainingSet(FEW));
    const model = modelOf({ id: "m", composed: true, components: ["a", "b"], classifier: "sorter" });
    const { items, note } = await kept.tie(model, [openSet({ models: ["*"] })]);
    expect(items).toEqual({ "training/models/m": "live" });
    expect(note.doubts).toEqual([
      "It is composed of a, b, classifier sorter and has no training data of its own",
    ]);
    expect(note.set).toBeUndefined();
  });
});

describe("the evidence", () => {
  it("is proof when the set was captured before and after the training, and equal", async () => {
    await place.putAll(trainingSet(FEW));
    const { set, container } = openSet();
    let seconds = 100;
    const clock = { now: () => systemClock.now() + seconds * 1000 };
    const context = { ...kept.context, clock };
    const first = (await kept.capture(set, container, undefined, context)).memory;
    seconds = 20_000;
    const second = (await kept.capture(set, container, first, context)).memory;
    const evidenceOf = async (id: string, at: number, memory = second) =>
      (await kept.tie(told("", moment(at), { id }), [{ set, container, ...(memory && { memory }) }])).note
        .evidence;
    expect(await evidenceOf("between", 10_000)).toBe("proved");
    expect(await evidenceOf("before both", 50)).toBe("unchanged");
    expect(await evidenceOf("perhaps begun before", 2000)).toBe("unchanged");
    expect(await evidenceOf("after both", 30_000)).toBe("unchanged");
    // The second capture failed: nobody saw the set after the training.
    expect(await evidenceOf("unseen since", 10_000, first)).toBe("unchanged");
  });

  it("is `unchanged` when no file is newer and nobody told the names", async () => {
    await place.putAll(trainingSet(FEW));
    const { note } = await kept.tie(told("", moment(LATER)), [openSet()]);
    expect(note).toMatchObject({ evidence: "unchanged", doubts: [] });
  });

  it("names files that changed so shortly before the end of a build that it may have begun already", async () => {
    await place.put("a.pdf", "x");
    const v3 = told("", moment(60), { body: { ...told("", "").body, trainingHours: 3 } });
    const { note } = await kept.tie(v3, [openSet()]);
    expect(note.evidence).toBe("unchanged");
    expect(note.doubts).toEqual([expect.stringMatching(/perhaps while it ran: a\.pdf/)]);
    const longer = told("", moment(2.5 * 3600), { id: "n", body: v3.body });
    expect((await kept.tie(longer, [openSet()])).note.doubts).toHaveLength(1);
    const over = told("", moment(3.5 * 3600), { id: "o", body: v3.body });
    expect((await kept.tie(over, [openSet()])).note.doubts).toEqual([]);
  });

  it("is `changed-since` when files are newer, with the names of up to twenty", async () => {
    await place.putAll(trainingSet({ documents: 7 }));
    const { note } = await kept.tie(told("", moment(EARLIER)), [await captured(openSet())]);
    expect(note.evidence).toBe("changed-since");
    expect(note.doubts).toEqual([
      expect.stringMatching(/^Changed after the training: (\S+, ){20}and 2 more$/),
    ]);
    expect(note.files).toBe(22);
  });

  it("takes the time of the training, not of a copy", async () => {
    await place.putAll(trainingSet(FEW));
    const copy = told("", moment(EARLIER), { modified: moment(LATER) });
    expect((await kept.tie(copy, [openSet()])).note.evidence).toBe("unchanged");
    const copied = told("", moment(LATER), { id: "n", modified: moment(EARLIER) });
    expect((await kept.tie(copied, [openSet()])).note.evidence).toBe("changed-since");
  });

  it("is `changed-since` when a document or its labels are gone", async () => {
    const files = trainingSet(FEW);
    await place.putAll(files);
    await place.remove("invoice-02.pdf.labels.json");
    const { note } = await kept.tie(trainedOn(documentNames(files), moment(LATER)), [openSet()]);
    expect(note).toMatchObject({
      evidence: "changed-since",
      doubts: ["Not in the data set any more: invoice-02.pdf.labels.json"],
    });
    await place.remove("invoice-01.pdf");
    const again = trainedOn(documentNames(files), moment(LATER), { id: "h" });
    const second = await kept.tie(again, [openSet({ models: ["h"] })]);
    expect(second.note).toMatchObject({ set: "forms", evidence: "changed-since" });
    expect(second.note.doubts.join()).toContain("invoice-01.pdf");
  });

  it("is `changed-since` when nothing is left", async () => {
    const { note } = await kept.tie(told("gone/", moment(LATER)), [openSet()]);
    expect(note).toMatchObject({
      evidence: "changed-since",
      files: 0,
      doubts: ["There is no file of it any more"],
    });
  });

  it.each([
    ["no set is configured", [], "which is no configured data set"],
    ["the container is not configured", ["elsewhere"], "which is no configured data set"],
    ["several sets fit", ["one", "two"], "Several data sets fit it"],
  ])("is `unknown` when %s", async (_, names, words) => {
    const elsewhere = await azurite.container(`elsewhere-${number}-${names.length}`);
    const sets = names.map((name) => openSet({ name, models: names.length > 1 ? ["*"] : [] }, elsewhere));
    const { items, note } = await kept.tie(told("", moment(LATER)), sets);
    expect(items).toEqual({ "training/models/m": "live" });
    expect(note.evidence).toBe("unknown");
    expect(note.set).toBeUndefined();
    expect(note.doubts).toEqual([expect.stringContaining(words)]);
    expect(note.doubts.join()).not.toContain("sig=");
    expect((await kept.tie(told("", moment(LATER)), sets)).items).toEqual({});
  });
});

describe("a tie", () => {
  it("is made once: what happens to the set later does not touch it", async () => {
    await place.putAll(trainingSet(FEW));
    const before = await kept.tie(told("", moment(LATER)), [openSet()]);
    const contents = kept.contents("training/");
    await place.put("invoice-01.pdf", "another scan");
    await place.remove("invoice-02.pdf");
    const after = await kept.tie(told("", moment(LATER)), [openSet()]);
    expect(after.items).toEqual({});
    expect(after.note).toEqual(before.note);
    expect(kept.contents("training/")).toEqual(contents);
  });

  it("of a model that was trained again replaces the earlier one, file by file", async () => {
    await place.putAll(trainingSet(FEW));
    await kept.tie(told("", moment(LATER)), [openSet()]);
    // Another model whose id begins alike.
    await kept.tie(told("", moment(LATER), { id: "m2" }), [openSet()]);
    await place.put("invoice-01.pdf", "another scan");
    await place.remove("invoice-02.pdf");
    const { items, note } = await kept.tie(told("", moment(LATER)), [openSet()], "v2");
    expect(items).toEqual({
      "training/models/m/files/invoice-01.pdf": "live",
      "training/models/m/files/invoice-02.pdf": "deleted",
      "training/models/m": "live",
    });
    expect(note).toMatchObject({ version: "v2", files: 6 });
    expect(kept.live("training/models/m2/files/")).toHaveLength(7);
  });

  it("of the same files has the same generation, of others another", async () => {
    await place.putAll(trainingSet(FEW));
    const { note: one } = await kept.tie(told("", moment(LATER)), [openSet()]);
    const { note: two } = await kept.tie(told("", moment(LATER), { id: "n" }), [openSet()]);
    await place.put("invoice-01.pdf", "another scan");
    const { note: three } = await kept.tie(told("", moment(LATER), { id: "o" }), [openSet()]);
    expect(two.generation).toBe(one.generation);
    expect(three.generation).not.toBe(one.generation);
  });

  it("reads what the capture of the set did not bring", async () => {
    await place.putAll(trainingSet(FEW));
    await kept.tie(told("", moment(LATER)), [openSet()]);
    expect(String(kept.content("training/models/m/files/fields.json"))).toContain("InvoiceNumber");
  });

  const faults: Fault[] = ["reset", "page", 403, 404, 500];
  it.each(faults)(
    "that is broken at any request (%s) loses nothing and is mended by the next run",
    async (kind) => {
      await place.put("a.pdf", "a: before");
      await place.put("b.pdf", "b: steady");
      await place.put("c.pdf", "c: removed");
      await kept.tie(told("", moment(LATER)), [openSet()]);
      await place.put("a.pdf", "a: after");
      await place.remove("c.pdf");
      wire.reset();
      await kept.clone().tie(told("", moment(LATER)), [openSet()], "v2");
      const requests = wire.requests.length;
      expect(requests).toBe(3); // the list, the changed file, one look at the removed one
      for (let at = 1; at <= requests; at++) {
        const broken = kept.clone();
        wire.reset({ at, kind, forever: true });
        const { items, note } = await broken.tie(told("", moment(LATER)), [openSet()], "v2");
        expect(Object.values(items)).not.toContain("deleted");
        const isTied = note.evidence !== "unknown";
        expect(isTied ? note.doubts : broken.warnings).not.toEqual([]);
        if (isTied) continue;
        expect(note).toMatchObject({ version: "v2", set: "forms", files: 0 });
        wire.reset();
        expect((await broken.tie(told("", moment(LATER)), [openSet()], "v2")).note.evidence).toBe(
          "unchanged",
        );
        expect(broken.contents("training/models/m/files/")).toEqual({
          "training/models/m/files/a.pdf": "a: after",
          "training/models/m/files/b.pdf": "b: steady",
        });
      }
    },
  );
});
