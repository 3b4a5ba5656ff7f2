import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import { keyText } from "../../../src/model/key.ts";
import { captureKey } from "../../../src/sources/watson/keys.ts";
import { sttReadiness } from "../../../src/sources/watson-stt/readiness.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import { acted, contextOf } from "../watson/timeline.ts";
import {
  addAudio,
  CALL,
  COLLECTION,
  makeLanguageModel,
  MORE_CALLS,
  openAcoustic,
  type AcousticRig,
} from "./acoustic-rig.ts";

const OTHER = "dr";

const key = ({ acoustic }: AcousticRig, name = ""): string =>
  `models/Call centre [${acoustic}]${name === "" ? "" : `/audio/${name}`}`;

/** The second instance, whose language model stands for the first's. */
async function second(rig: AcousticRig) {
  const ids = new MemoryIds();
  await ids.set("model", rig.language, await makeLanguageModel(rig.stand, OTHER));
  return { source: rig.stand.source(OTHER), ids };
}

async function readiness({ kept }: AcousticRig) {
  const found = [];
  for await (const { key: of, verdict, missing } of sttReadiness(COLLECTION, kept.reader())) {
    found.push([
      keyText(of),
      verdict,
      missing.filter(({ what }) => what.startsWith("Not recoverable")).length,
    ]);
  }
  return found;
}

async function there(rig: AcousticRig, instance = OTHER): Promise<Record<string, unknown>[]> {
  const answer = await rig.stand.call("GET", "/v1/acoustic_customizations", undefined, instance);
  return answer["customizations"] as Record<string, unknown>[];
}

/** The engine of a restore in place that could keep nothing of what is there. */
const nothingKept = async (states: readonly unknown[]): Promise<boolean[]> => states.map(() => false);

describe("capturing acoustic models", () => {
  it("keeps each model and recording as it is listed, archives with their members, and asks once when nothing moved", async () => {
    await using rig = await openAcoustic();
    const source = rig.stand.source();
    const { run, items } = await rig.kept.capture(source);
    expect(run).toBe("baseline");
    expect(Object.keys(items).sort()).toEqual([key(rig), key(rig, "call"), key(rig, "more")]);
    expect(rig.kept.body(key(rig, "call"))).toContain('"pcm_s16le"');
    const archive = [...rig.kept.versions.values()].find((one) => keyText(one.key) === key(rig, "more"));
    expect(archive?.parts[1]?.toString()).toContain("b.wav");
    const before = source.traffic.requests;
    expect((await rig.kept.capture(source)).items).toEqual({});
    expect(source.traffic.requests - before).toBe(1);
  });

  it("notices recordings that are gone, and releases what was captured of a model that is gone", async () => {
    await using rig = await openAcoustic();
    const source = rig.stand.source();
    await rig.kept.capture(source);
    const path = `/v1/acoustic_customizations/${rig.acoustic}`;
    await rig.stand.call("DELETE", `${path}/audio/call`);
    expect((await rig.kept.capture(source)).items).toMatchObject({ [key(rig, "call")]: "deleted" });
    await rig.stand.call("DELETE", path);
    expect((await rig.kept.capture(source)).items).toEqual({
      [key(rig)]: "deleted",
      [key(rig, "more")]: "deleted",
      ...Object.fromEntries(
        ["audio/call", "audio/more", "training"].map((name) => [
          `captures/${rig.acoustic}/${name}`,
          "deleted",
        ]),
      ),
    });
  });
});

describe("restoring acoustic models", () => {
  it("sends the very recordings in their own types, trains with the mapped language model, and repeats nothing", async () => {
    await using rig = await openAcoustic();
    await rig.kept.capture(rig.stand.source());
    const { source, ids } = await second(rig);
    const preview = await rig.kept.restore(source, { ids, apply: false });
    expect(acted(preview)).toEqual({
      [key(rig)]: "create",
      [key(rig, "call")]: "create",
      [key(rig, "more")]: "create",
    });
    expect(await there(rig)).toEqual([]);
    const outcomes = await rig.kept.restore(source, { ids });
    expect(acted(outcomes)).toEqual(acted(preview));
    const [model] = await there(rig);
    expect(model).toMatchObject({ name: "Call centre", description: "noisy", status: "available" });
    const id = String(model?.["customization_id"]);
    expect(outcomes[key(rig)]?.mapped).toEqual({ group: "model", kept: rig.acoustic, target: id });
    const { uploads } = rig.stand.sandbox;
    for (const [name, content, type] of [
      ["call", CALL, "audio/wav"],
      ["more", MORE_CALLS, "application/zip"],
    ] as const) {
      const upload = uploads.find(OTHER, `acoustic_customizations/${id}/audio/${name}`);
      expect(upload?.contentType).toBe(type);
      expect(uploads.bytes(upload?.id ?? "").equals(content)).toBe(true);
    }
    const training = rig.stand.sandbox.training(OTHER, "acoustic", id);
    expect(JSON.stringify(training)).toContain(ids.get("model", rig.language));
    expect(await rig.kept.differences(source, { ids })).toEqual([]);
    const before = source.traffic.requests;
    expect(acted(await rig.kept.restore(source, { ids }))).toEqual({});
    expect(source.traffic.requests - before).toBeLessThan(8);
  });

  it("says what cannot be recovered, and puts the rest back", async () => {
    await using rig = await openAcoustic();
    await rig.kept.capture(rig.stand.source());
    rig.kept.versions.delete(captureKey(rig.acoustic, "audio/more").toString("latin1"));
    expect(await readiness(rig)).toEqual([[key(rig), "partial", 2]]);
    const { source, ids } = await second(rig);
    const outcomes = await rig.kept.restore(source, { ids });
    expect(outcomes[key(rig, "more")]).toMatchObject({
      action: "failed",
      reason: expect.stringContaining("not recoverable") as string,
    });
    expect(outcomes[key(rig, "call")]?.action).toBe("create");
    const differences = await rig.kept.differences(source, { ids });
    expect(differences.map(({ key: of, difference }) => [keyText(of), difference])).toEqual([
      [key(rig, "more"), "missing"],
    ]);
  });

  it("wants the language model first, and trains when it is repeated with it", async () => {
    await using rig = await openAcoustic();
    await rig.kept.capture(rig.stand.source());
    const source = rig.stand.source(OTHER);
    const ids = new MemoryIds();
    const first = await rig.kept.restore(source, { ids });
    expect(first[key(rig)]).toMatchObject({
      action: "failed",
      reason: expect.stringContaining("Restore language-models first") as string,
    });
    await ids.set("model", rig.language, await makeLanguageModel(rig.stand, OTHER));
    const again = await rig.kept.restore(source, { ids });
    expect(acted(again)).toEqual({ [key(rig)]: "change" });
    expect((await there(rig))[0]?.["status"]).toBe("available");
  });

  it("refuses plainly where the service has no acoustic models any more", async () => {
    await using rig = await openAcoustic();
    await rig.kept.capture(rig.stand.source());
    const { source, ids } = await second(rig);
    rig.stand.sandbox.modes.pgModels = "off";
    const outcomes = await rig.kept.restore(source, { ids });
    expect(Object.values(outcomes).filter(({ action }) => action === "failed")).toHaveLength(3);
    expect(outcomes[key(rig)]?.reason).toMatch(/no successor.*Cloud Pak for Data/s);
    expect(await there(rig)).toEqual([]);
  });

  it("in place takes back what was changed since, and leaves alone what is not kept", async () => {
    await using rig = await openAcoustic();
    const source = rig.stand.source();
    await rig.kept.capture(source);
    const path = `/v1/acoustic_customizations/${rig.acoustic}`;
    await rig.stand.call("DELETE", `${path}/audio/call`);
    await addAudio(rig.stand, path, "newer", CALL, "audio/wav");
    const inPlace = { mode: "content", newerItems: "delete", ids: new MemoryIds() } as const;
    expect(acted(await rig.kept.restore(source, { ...inPlace, kept: nothingKept }))).toMatchObject({
      [key(rig, "newer")]: "unstable",
      [key(rig, "call")]: "create",
    });
    expect(acted(await rig.kept.restore(source, inPlace))).toMatchObject({ [key(rig, "newer")]: "delete" });
    expect(await rig.kept.differences(source, { ids: inPlace.ids })).toEqual([]);
  });

  it("comes to the same end, with one model, wherever it was cut off", async () => {
    await using rig = await openAcoustic();
    await rig.kept.capture(rig.stand.source());
    const { faults } = rig.stand.sandbox;
    let requests = 1;
    for (let at = 0; at < requests; at++) {
      for (const kind of ["cut", "answer-lost"] as const) {
        const instance = `${kind}-${at}`;
        const ids = new MemoryIds();
        await ids.set("model", rig.language, await makeLanguageModel(rig.stand, instance));
        const source = rig.stand.source(instance);
        faults.add({ kind, match: { instance }, after: at, times: 1 });
        faults.add({ kind: "cut", match: { instance }, after: at + 1 });
        await rig.kept.restore(source, { ids }).catch((error: unknown) => {
          if (!(error instanceof HoldfastError)) throw error;
        });
        faults.clear();
        const before = source.traffic.requests;
        await rig.kept.restore(source, { ids });
        if (at === 0) requests = Math.max(requests, source.traffic.requests - before);
        expect(acted(await rig.kept.restore(source, { ids })), instance).toEqual({});
        expect(await rig.kept.differences(source, { ids }), instance).toEqual([]);
        expect(await there(rig, instance), instance).toHaveLength(1);
      }
    }
    expect(requests).toBeGreaterThan(8);
  }, 30_000);
});

it("settings that are for language models are refused", async () => {
  await using rig = await openAcoustic();
  await rig.kept.capture(rig.stand.source());
  const restore = rig.kept.restore(rig.stand.source(OTHER), { settings: { reset: true } }, contextOf());
  await expect(restore).rejects.toMatchObject({ code: "usage" });
});
