import { beforeEach, describe, expect, it } from "vitest";
import { keyOf, keyText } from "../../../src/model/key.ts";
import type { Version } from "../../../src/model/version.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import { contextOf } from "../watson/timeline.ts";
import { FakeCloud, FakeService } from "./fake-service.ts";
import { MemoryContainer } from "./memory-container.ts";
import { FormTimeline, memorySource, type MemorySet } from "./memory-source.ts";

const { signal } = contextOf();

async function copy(from: FakeService, to: FakeService, id: string, as = id): Promise<string> {
  const ticket = await to.authorise({ kind: "models", id: as }, signal);
  const submitted = await from.submitCopy({ kind: "models", id }, ticket, false, signal);
  if (submitted === "unsure") throw new Error("the copy was not accepted");
  while ((await from.copyState(submitted.operation, signal)).status === "running");
  return ticket.targetId;
}

describe("comparing models", () => {
  let cloud: FakeCloud;
  let home: FakeService;
  let away: FakeService;
  let ids: MemoryIds;
  let timeline: FormTimeline;
  const differences = async (service: FakeService = away): Promise<Record<string, string>> => {
    const found = await timeline.differences(memorySource(service), { ids });
    return Object.fromEntries(
      found.map(({ key, difference, detail }) => [keyText(key), `${difference}: ${detail}`]),
    );
  };

  beforeEach(async () => {
    cloud = new FakeCloud();
    home = new FakeService({ name: "home", apiVersion: "2024-11-30", cloud });
    away = new FakeService({ name: "away", apiVersion: "2024-11-30", cloud });
    ids = new MemoryIds();
    timeline = new FormTimeline();
    home.addModel({ id: "invoices" });
    home.addModel({ id: "receipts" });
    await timeline.capture(memorySource(home));
  });

  it("finds the resource itself equal", async () => {
    expect(await differences(home)).toEqual({});
  });

  it("finds copies equal, under the same id or another that the map tells", async () => {
    cloud.now += 60_000;
    await copy(home, away, "invoices");
    await ids.set("models", "receipts", await copy(home, away, "receipts", "receipts.1a2b3c4da"));
    expect(await differences()).toEqual({});
  });

  it("names what is missing, and what is there and was not at the instant", async () => {
    await copy(home, away, "invoices");
    away.addModel({ id: "letters" });
    expect(await differences()).toEqual({
      "models/receipts": "missing: no model stands for it",
      "models/letters": "extra: the instant does not have it",
    });
  });

  it("says of a retrained model that it is another", async () => {
    await copy(home, away, "receipts");
    cloud.now += 86_400_000;
    away.addModel({ id: "invoices" });
    expect(await differences()).toEqual({
      "models/invoices": expect.stringMatching(/^state: retrained: its last change is /),
    });
  });

  it("finds a model that was built over in place", async () => {
    home.change({ kind: "models", id: "invoices" }, { modified: "2026-02-02T00:00:00Z" });
    expect(await differences(home)).toEqual({
      "models/invoices": expect.stringMatching(/^state: retrained: .*2026-02-02T00:00:00Z/),
    });
  });

  it("says which fields differ where the times do not tell", async () => {
    home.change(
      { kind: "models", id: "invoices" },
      { content: { docTypes: { invoices: { fieldSchema: {} } } } },
    );
    expect((await differences(home))["models/invoices"]).toMatch(/^body: .*the list of fields/);
  });

  it("reports a model that was deleted at the instant and is there", async () => {
    await home.remove({ kind: "models", id: "receipts" }, signal);
    await timeline.capture(memorySource(home));
    home.addModel({ id: "receipts" });
    expect(await differences(home)).toEqual({ "models/receipts": "extra: it was deleted at the instant" });
  });

  it("takes a placeholder for nothing, and misses no model that had failed to be trained", async () => {
    home = new FakeService({ name: "home", apiVersion: "v2.1", cloud });
    away = new FakeService({ name: "away", apiVersion: "v2.1", cloud });
    timeline = new FormTimeline();
    home.addModel({ status: "invalid", content: {} });
    await timeline.capture(memorySource(home));
    await away.authorise({ kind: "models", id: "" }, signal);
    expect(await differences()).toEqual({});
  });

  it("compares the chosen items alone when only some were chosen", async () => {
    const reader = timeline.reader((key) => key === "models/receipts");
    const found = await timeline.differences(memorySource(away), { reader, whole: false });
    expect(found.map(({ key }) => keyText(key))).toEqual(["models/receipts"]);
  });
});

describe("comparing data sets", () => {
  let service: FakeService;
  let container: MemoryContainer;
  let sets: MemorySet[];
  let timeline: FormTimeline;
  const differences = async (): Promise<Record<string, string>> => {
    const found = await timeline.differences(memorySource(service, sets));
    return Object.fromEntries(found.map(({ key, difference }) => [keyText(key), difference]));
  };

  beforeEach(async () => {
    service = new FakeService({ name: "home", apiVersion: "2022-08-31" });
    container = new MemoryContainer();
    sets = [{ set: { name: "papers" }, container }];
    timeline = new FormTimeline();
    for (const name of ["a.pdf", "b.pdf", "c.pdf"])
      container.put({ name: name, content: Buffer.from(`content of ${name}`) });
    await timeline.capture(memorySource(service, sets));
  });

  it("finds the container equal", async () => {
    expect(await differences()).toEqual({});
  });

  it("names files that are missing, changed and more than there were", async () => {
    await container.remove("a.pdf");
    container.put({ name: "b.pdf", content: Buffer.from("other") });
    container.put({ name: "d.pdf", content: Buffer.from("new") });
    expect(await differences()).toEqual({
      "data/papers/a.pdf": "missing",
      "data/papers/b.pdf": "blob",
      "data/papers/d.pdf": "extra",
    });
  });

  it("reads the list for it, and asks by name only for what the list does not show", async () => {
    await container.remove("c.pdf");
    container.calls.length = 0;
    expect(await differences()).toEqual({ "data/papers/c.pdf": "missing" });
    expect(container.calls).toEqual(["list", "find c.pdf", "list"]);
  });

  it("misses no file that the container lists in another place", async () => {
    const list = container.list.bind(container);
    container.list = async function* (prefix) {
      for await (const page of list(prefix)) yield page.toReversed();
    };
    expect(await differences()).toEqual({});
  });

  it("asks for the chosen files alone by name", async () => {
    container.calls.length = 0;
    const reader = timeline.reader((key) => key === "data/papers/b.pdf");
    expect(await timeline.differences(memorySource(service, sets), { reader, whole: false })).toEqual([]);
    expect(container.calls).toEqual(["find b.pdf"]);
  });

  it("takes the same content for the same though it was written again", async () => {
    container.put({ name: "b.pdf", content: Buffer.from("content of b.pdf") });
    expect(await differences()).toEqual({});
  });

  it("tells other content of the same length by its MD5, and says where there is none", async () => {
    const put = (name: string): void => container.put({ name, content: Buffer.from(`CONTENT OF ${name}`) });
    put("a.pdf");
    container.withoutMd5 = true;
    put("b.pdf");
    const found = await timeline.differences(memorySource(service, sets));
    expect(found.map(({ key, detail }) => [keyText(key), detail])).toEqual([
      ["data/papers/a.pdf", "its content differs"],
      ["data/papers/b.pdf", expect.stringContaining("no MD5")],
    ]);
  });

  it("leaves a set out that cannot be read or is not configured, and says so once", async () => {
    const warned = async (): Promise<string[]> => {
      const context = contextOf();
      const reader = timeline.reader();
      const all: Version[] = [];
      for await (const versions of reader.versions()) all.push(...versions);
      const atOnce = {
        ...reader,
        async *versions() {
          yield all;
        },
      };
      const request = { target: "resource", reader: atOnce, whole: true };
      for await (const event of memorySource(service, sets).compare(request, context)) {
        expect(event.kind).toBe("end");
      }
      return context.warnings;
    };
    container.closed = true;
    expect(await warned()).toEqual([expect.stringContaining("papers cannot be read")]);
    sets = [];
    expect(await warned()).toEqual([expect.stringContaining("papers is not configured")]);
  });
});

describe("reading present items", () => {
  it("shows models and files as a capture would, in the order asked for", async () => {
    const service = new FakeService({ name: "home", apiVersion: "2024-11-30" });
    const container = new MemoryContainer();
    const source = memorySource(service, [{ set: { name: "papers" }, container }]);
    const timeline = new FormTimeline();
    service.addModel({ id: "invoices" });
    container.put({ name: "a.pdf", content: Buffer.from("content") });
    await timeline.capture(source);
    const keys = [
      "data/papers/a.pdf",
      "models/none",
      "models/invoices",
      "data/papers/none",
      "training/models/invoices",
    ];
    const items = await source.readItems("resource", keys.map(keyOf), contextOf());
    expect(items.map((item) => item?.kind)).toEqual(["live", undefined, "live", undefined, undefined]);
    for (const [at, key] of keys.entries()) {
      const item = items[at];
      if (item !== undefined) expect(timeline.versions.get(key)?.state.equals(item.state)).toBe(true);
    }
  });

  it("does not show what is still being made", async () => {
    const service = new FakeService({ name: "home", apiVersion: "v2.1" });
    const id = service.addModel({ status: "creating", content: {} });
    const [item] = await memorySource(service).readItems("resource", [keyOf(`models/${id}`)], contextOf());
    expect(item).toBeUndefined();
  });
});
