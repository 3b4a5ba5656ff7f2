import { beforeEach, describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import type { ModelRef } from "../../../src/sources/form-recognizer/keys.ts";
import { contextOf } from "../watson/timeline.ts";
import type { FakeService } from "./fake-service.ts";
import type { StoredFile } from "./memory-container.ts";
import { RETRAIN_URL, Stand } from "./restore-stand.ts";

const RETRAIN = { settings: { retrain: true } } as const;
const GENERATION = "9".repeat(64);
const FOLDER = `holdfast-retrain/${GENERATION}/`;
const INVOICES: ModelRef = { kind: "models", id: "invoices" };

const FILES: readonly StoredFile[] = ["a.pdf", "a.pdf.labels.json", "a.pdf.ocr.json", "fields.json"].map(
  (name) => ({ name, content: Buffer.from(`content of ${name}`), type: "application/octet-stream" }),
);

let stand: Stand;
let home: FakeService;

beforeEach(() => {
  stand = new Stand();
  home = stand.resource("home", "2024-11-30").service;
});

async function keepInvoices(): Promise<void> {
  home.addModel({ ...INVOICES, description: "what we bill", tags: { team: "finance" } });
  const version = await stand.kept.keep(home, INVOICES);
  stand.kept.keepTraining(INVOICES, version, FILES);
}

const builds = (service: FakeService): number =>
  service.faults.calls.filter((call) => call === "build").length;

describe("training again from what is kept", () => {
  it("puts the files where the service can read them, trains with the kept description, and says that it is another model", async () => {
    await keepInvoices();
    const { service, resource } = stand.resource("away", "2024-11-30");
    const context = contextOf(stand.clock);
    const outcomes = await stand.restore(resource, { ...RETRAIN, context });
    expect(outcomes["models/invoices"]).toEqual({
      key: Buffer.from("models/invoices"),
      action: "create",
      revision: "2026-01-01T00:00:00Z",
      mapped: { group: "models", kept: "invoices", target: "invoices" },
    });
    expect(service.builds).toEqual([
      {
        ...INVOICES,
        description: "what we bill",
        tags: { team: "finance" },
        buildMode: "template",
        container: `${RETRAIN_URL}?sig=secret`,
        prefix: FOLDER,
      },
    ]);
    expect(stand.container(RETRAIN_URL).names()).toEqual(FILES.map(({ name }) => `${FOLDER}${name}`));
    expect(context.warnings).toEqual([
      expect.stringMatching(
        /trained again.*similar model, not the same.*proved to be those that it was trained from/,
      ),
    ]);
    expect(context.warnings.join()).not.toContain("secret");
  });

  it("does not give out for a copy what was trained from the data of one", async () => {
    const tags = {
      team: "finance",
      "dr.src": "0123456789abcdef",
      "dr.model": "x",
      "dr.ver": "0123456789abcdef",
    };
    home.addModel({ ...INVOICES, tags });
    stand.kept.keepTraining(INVOICES, await stand.kept.keep(home, INVOICES), FILES);
    const { service, resource } = stand.resource("away", "2024-11-30");
    await stand.restore(resource, RETRAIN);
    expect(service.builds[0]?.tags).toEqual({ team: "finance" });
  });

  it("a second time writes nothing and asks for no training", async () => {
    await keepInvoices();
    const { service, resource } = stand.resource("away", "2024-11-30");
    await stand.restore(resource, RETRAIN);
    const container = stand.container(RETRAIN_URL);
    container.calls.length = 0;
    service.faults.calls.length = 0;
    const again = await stand.restore(resource, RETRAIN);
    expect(again["models/invoices"]).toMatchObject({ action: "same", mapped: { target: "invoices" } });
    expect(container.calls).toEqual([]);
    expect(new Set(service.faults.calls)).toEqual(new Set(["list models", "list classifiers", "details"]));
  });

  it("of two models that were trained from the same files sends the files once", async () => {
    await keepInvoices();
    const other: ModelRef = { kind: "models", id: "invoices-neural" };
    home.addModel({ ...other, buildMode: "neural" });
    stand.kept.keepTraining(other, await stand.kept.keep(home, other), FILES);
    const { service, resource } = stand.resource("away", "2024-11-30");
    await stand.restore(resource, RETRAIN);
    expect(service.builds.map(({ id, prefix }) => [id, prefix])).toEqual([
      ["invoices", FOLDER],
      ["invoices-neural", FOLDER],
    ]);
    expect(stand.container(RETRAIN_URL).writes).toHaveLength(FILES.length);
  });

  it("leaves files alone that are there already, and removes what would be learnt beside them", async () => {
    await keepInvoices();
    const container = stand.container(RETRAIN_URL);
    container.put({ name: `${FOLDER}a.pdf`, content: Buffer.from("content of a.pdf") });
    container.put({ name: `${FOLDER}fields.json`, content: Buffer.from("content of FIELDS.JSON") });
    container.put({ name: `${FOLDER}b.pdf`, content: Buffer.from("foreign") });
    await stand.restore(stand.resource("away", "2024-11-30").resource, RETRAIN);
    expect(container.writes.map((call) => call.replace(FOLDER, "")).sort()).toEqual([
      "remove b.pdf",
      "write a.pdf.labels.json",
      "write a.pdf.ocr.json",
      "write fields.json",
    ]);
  });

  it("passes on what is doubtful about the kept files, and which fields are others", async () => {
    await keepInvoices();
    const version = await stand.kept.keep(home, INVOICES);
    home.change(INVOICES, {
      content: {
        docTypes: { invoices: { buildMode: "template", fieldSchema: { Iban: { type: "string" } } } },
      },
    });
    await stand.kept.keep(home, INVOICES);
    stand.kept.keepTraining(INVOICES, version, FILES, {
      evidence: "changed-since",
      doubts: ["a.pdf was changed on 2026-02-01"],
    });
    const context = contextOf(stand.clock);
    await stand.restore(stand.resource("away", "2024-11-30").resource, { ...RETRAIN, context });
    expect(context.warnings).toEqual([
      expect.stringMatching(
        /changed between its training and their capture.*a\.pdf was changed on 2026-02-01.*does not read any more: Iban.*reads besides: Total/,
      ),
    ]);
  });

  it("takes another id where the own one is in use or reserved, and goes on with that", async () => {
    await keepInvoices();
    const { service, resource } = stand.resource("away", "2024-11-30");
    service.addModel({ ...INVOICES, status: "reserved" });
    const outcomes = await stand.restore(resource, RETRAIN);
    const target = outcomes["models/invoices"]?.mapped?.target ?? "";
    expect(target).toMatch(/^invoices\.[0-9a-f]{8}a$/);
    expect(outcomes["models/invoices"]?.action).toBe("create");
    expect((await stand.restore(resource, RETRAIN))["models/invoices"]).toMatchObject({
      action: "same",
      mapped: { target },
    });
    expect(builds(service)).toBe(2);
  });

  it("where the service chooses ids, remembers which model stands for which", async () => {
    const old = stand.resource("old", "v2.1").service;
    const id = old.addModel({ name: "Invoices" });
    const ref: ModelRef = { kind: "models", id };
    stand.kept.keepTraining(ref, await stand.kept.keep(old, ref), FILES, { buildMode: "labelled" });
    const { service, resource } = stand.resource("away", "v2.1");
    const outcomes = await stand.restore(resource, RETRAIN);
    const target = outcomes[`models/${id}`]?.mapped?.target ?? "";
    expect(target).not.toBe(id);
    expect(service.models.get(`models/${target}`)).toMatchObject({ status: "ready", name: "Invoices" });
    expect(service.builds).toMatchObject([{ buildMode: "labelled", name: "Invoices", prefix: FOLDER }]);
    expect((await stand.restore(resource, RETRAIN))[`models/${id}`]).toMatchObject({ action: "same" });
  });

  it("trains a classifier from the folder of each document type, and from lists where there are such", async () => {
    const ref: ModelRef = { kind: "classifiers", id: "sorter" };
    home.addModel(ref);
    const list = { name: "receipts.jsonl", content: Buffer.from('{"file":"r/1.pdf"}\n{"file":"r/2.pdf"}\n') };
    const files = [...FILES, list].map((file) => ({ ...file }));
    stand.kept.keepTraining(ref, await stand.kept.keep(home, ref), files, {
      docTypes: {
        invoice: { set: "invoices", prefix: "invoices/" },
        receipt: { set: "invoices", prefix: "", fileList: "receipts.jsonl" },
      },
    });
    const { service, resource } = stand.resource("away", "2024-11-30");
    const outcomes = await stand.restore(resource, RETRAIN);
    expect(outcomes["classifiers/sorter"]).toMatchObject({ action: "create" });
    expect(service.builds[0]?.docTypes).toEqual({
      invoice: { prefix: `${FOLDER}invoices/` },
      receipt: { prefix: FOLDER, fileList: `${FOLDER}receipts.jsonl` },
    });
    const written = stand.container(RETRAIN_URL).files.get(`${FOLDER}receipts.jsonl`)?.content.toString();
    expect(written).toBe(`{"file":"${FOLDER}r/1.pdf"}\n{"file":"${FOLDER}r/2.pdf"}\n`);
  });

  it("tells of a training that failed with the service's words, and tries anew when asked again", async () => {
    const old = stand.resource("old", "v2.1").service;
    const ref: ModelRef = { kind: "models", id: old.addModel({ name: "Invoices" }) };
    stand.kept.keepTraining(ref, await stand.kept.keep(old, ref), FILES);
    const { service, resource } = stand.resource("away", "v2.1");
    const unbegun = service.build.bind(service);
    service.build = async (request, signal) => {
      const begun = await unbegun(request, signal);
      const operation = service.begun.get(begun.operation);
      if (operation !== undefined) operation.failed = { code: "2001", message: "Invalid path." };
      return begun;
    };
    expect((await stand.restore(resource, RETRAIN))[`models/${ref.id}`]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/2001: Invalid path\./),
    });
    expect([...service.models]).toEqual([]);
    service.build = unbegun;
    expect((await stand.restore(resource, RETRAIN))[`models/${ref.id}`]).toMatchObject({ action: "create" });
  });

  it("guesses nothing where the service chose the id, its answer was lost, and two models may be it", async () => {
    const old = stand.resource("old", "v2.1").service;
    const ref: ModelRef = { kind: "models", id: old.addModel({ name: "Invoices" }) };
    stand.kept.keepTraining(ref, await stand.kept.keep(old, ref), FILES);
    const { service, resource } = stand.resource("away", "v2.1");
    const build = service.build.bind(service);
    service.build = async (request, signal) => {
      await build(request, signal);
      service.addModel({ name: "Invoices", status: "creating" });
      throw new HoldfastError("source-unreachable", "no answer");
    };
    for (const request of [RETRAIN, { ...RETRAIN, merge: true }]) {
      expect((await stand.restore(resource, request))[`models/${ref.id}`]).toMatchObject({
        action: "failed",
        reason: expect.stringMatching(/answer was lost.*nothing tells which is it/),
      });
    }
    expect(builds(service)).toBe(1);
  });

  it("gives up waiting in time, says that it goes on, and later waits for the same training", async () => {
    await keepInvoices();
    const { service, resource } = stand.resource("away", "2024-11-30", { patienceMs: 1_000 });
    service.looks = 3;
    const clock = { now: (): number => (stand.cloud.now += 600) };
    const waiting = { ...contextOf(clock) };
    expect(
      (await stand.restore(resource, { ...RETRAIN, context: waiting }))["models/invoices"],
    ).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/goes on at the service: run the same restore again/),
    });
    expect((await stand.restore(resource, RETRAIN))["models/invoices"]).toMatchObject({ action: "create" });
    expect(builds(service)).toBe(1);
  });

  it("previews what it would do, warning included, and writes nothing", async () => {
    await keepInvoices();
    const { service, resource } = stand.resource("away", "2024-11-30");
    const context = contextOf(stand.clock);
    const outcomes = await stand.restore(resource, { ...RETRAIN, context, apply: false });
    expect(outcomes["models/invoices"]).toMatchObject({ action: "create" });
    expect(context.warnings).toEqual([expect.stringMatching(/would be trained again/)]);
    expect(stand.container(RETRAIN_URL).calls).toEqual([]);
    expect(builds(service)).toBe(0);
    expect(stand.ids.all()).toEqual([]);
  });
});

async function reasonOf(settings: Record<string, unknown> = RETRAIN.settings): Promise<string> {
  const { service, resource } = stand.resource("away", "2024-11-30");
  const outcome = (await stand.restore(resource, { settings }))["models/invoices"];
  expect(outcome?.action).toBe("failed");
  expect(builds(service)).toBe(0);
  return outcome?.reason ?? "";
}

describe("what cannot be trained again", () => {
  it("is told with what would help: the switch, or a standby", async () => {
    await keepInvoices();
    expect(await reasonOf({})).toMatch(/--from-standby NAME.*--retrain/);
  });

  it("because no data set was known is told so", async () => {
    home.addModel(INVOICES);
    await stand.kept.keep(home, INVOICES);
    expect(await reasonOf()).toMatch(/no training data is kept/);
    expect(await reasonOf({})).toMatch(/could not be trained again either: no training data is kept/);
  });

  it("because one of its document types is not known is told with its name", async () => {
    const ref: ModelRef = { kind: "classifiers", id: "sorter" };
    home.addModel(ref);
    stand.kept.keepTraining(ref, await stand.kept.keep(home, ref), FILES, {
      docTypes: { invoice: { set: "invoices", prefix: "" }, receipt: { prefix: "" } },
    });
    const { resource } = stand.resource("away", "2024-11-30");
    expect((await stand.restore(resource, RETRAIN))["classifiers/sorter"]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/no training data are kept of its document types receipt/),
    });
  });

  it("because files are missing is told with their number, before anything is sent", async () => {
    await keepInvoices();
    stand.kept.remove("training/models/invoices/files/a.pdf");
    expect(await reasonOf()).toMatch(/only 3 of the 4 files/);
    expect(stand.container(RETRAIN_URL).calls).toEqual([]);
  });

  it("because the kept data belong to another training is told so", async () => {
    await keepInvoices();
    stand.kept.keepTraining(INVOICES, "another version", FILES);
    expect(await reasonOf()).toMatch(/belong to another training/);
  });

  it("because there is no container for it is told with the name of the setting", async () => {
    await keepInvoices();
    const { service, resource } = stand.resource("away", "2024-11-30");
    const { retrainInto: _, ...config } = resource.config;
    const outcomes = await stand.restore({ ...resource, config }, RETRAIN);
    expect(outcomes["models/invoices"]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/retrainInto/),
    });
    expect(builds(service)).toBe(0);
  });

  it("because a file's content is damaged is told of that model alone", async () => {
    await keepInvoices();
    const other: ModelRef = { kind: "models", id: "receipts" };
    home.addModel(other);
    const files = [{ name: "r.pdf", content: Buffer.from("receipt") }];
    stand.kept.keepTraining(other, await stand.kept.keep(home, other), files, { generation: "8".repeat(64) });
    for (const { blobs } of stand.kept.versions.values()) {
      if (blobs[0]?.name === "a.pdf") stand.kept.damaged.add(blobs[0].blob);
    }
    const outcomes = await stand.restore(stand.resource("away", "2024-11-30").resource, RETRAIN);
    expect(outcomes["models/invoices"]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/read/),
    });
    expect(outcomes["models/receipts"]).toMatchObject({ action: "create" });
  });
});
