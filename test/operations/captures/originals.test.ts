import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { backup } from "../../../src/operations/backup.ts";
import { addCaptures, type AddCapturesRequest } from "../../../src/operations/captures/add-captures.ts";
import { commitCaptures } from "../../../src/operations/captures/commit-captures.ts";
import { listCaptures, verifyCaptures } from "../../../src/operations/captures/list-captures.ts";
import { collect } from "../../e2e/house.ts";
import { captureRig, SOURCE, upload, type CaptureRig } from "./rig.ts";
import { wav } from "./wav.ts";

const CORPUS = { name: "q2", total_words: 4, out_of_vocabulary_words: 0, status: "analyzed" };
const AUDIO = {
  name: "rec",
  duration: 2,
  status: "ok",
  details: { type: "audio", codec: "pcm_s16le", frequency: 8_000 },
};

let rig: CaptureRig;
let folder: string;

beforeEach(async () => {
  rig = captureRig();
  folder = mkdtempSync(join(tmpdir(), "holdfast-originals-"));
  list("models/claims [m1]", { customization_id: "m1", name: "claims" });
  list("models/claims [m1]/corpora/q2", CORPUS);
  list("models/claims [m1]/grammars/yesno", {
    name: "yesno",
    out_of_vocabulary_words: 0,
    status: "analyzed",
  });
  list("models/twin [m2]", {});
  list("models/twin [m3]", {});
  list("models/twin [m3]/corpora/q2", CORPUS);
  await collect(backup(rig.workspace, { select: [`${SOURCE}/language-models`] }));
  rig.source.items.clear();
  list("models/field [a1]", {});
  list("models/field [a1]/audio/rec", AUDIO);
  list("models/field [a1]/audio/many", {
    name: "many",
    status: "ok",
    details: { type: "archive", compression: "zip" },
  });
  await collect(backup(rig.workspace, { select: [`${SOURCE}/acoustic-models`] }));
});

function list(key: string, body: unknown): void {
  rig.source.items.set(key, JSON.stringify(body));
}

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

async function add(request: Partial<AddCapturesRequest>) {
  const rows = addCaptures(rig.workspace, {
    source: SOURCE,
    files: [],
    folders: [],
    apply: true,
    ...request,
  });
  return collect(rows);
}

async function evidenceOf(name: string) {
  const rows = await collect(listCaptures(rig.workspace, { source: SOURCE }));
  return rows.find((row) => row.name === name && row.model !== "twin [m3]");
}

describe("registering originals", () => {
  it("keeps a corpus as claimed, by the model's name or id, and lists it from then on", async () => {
    expect(await evidenceOf("q2")).toMatchObject({ evidence: null, sha256: null });
    const path = file("any.txt", "one two three four");
    const [row] = await add({ files: [{ path, uploaded: "corpora", model: "claims", name: "q2" }] });
    expect(row).toMatchObject({ state: "registered", evidence: "claimed", model: "claims [m1]", hints: [] });
    const sha256 = createHash("sha256").update("one two three four").digest("hex");
    expect(await evidenceOf("q2")).toMatchObject({ evidence: "claimed", sha256, bytes: 18 });
    const [again] = await add({ files: [{ path, uploaded: "corpora", model: "m1", name: "q2" }] });
    expect(again?.state).toBe("kept");
  });

  it("registers nothing when it is only asked what fits", async () => {
    const path = file("any.txt", "one two three four");
    await add({ apply: false, files: [{ path, uploaded: "corpora", model: "claims", name: "q2" }] });
    expect(await evidenceOf("q2")).toMatchObject({ evidence: null });
  });

  it.each([
    ["an unknown model", { uploaded: "corpora", model: "nobody", name: "q2" }, /no model is called nobody/],
    [
      "a name that several models have",
      { uploaded: "corpora", model: "twin", name: "q2" },
      /2 models.*m2, m3/,
    ],
    ["an unknown resource", { uploaded: "corpora", model: "claims", name: "q3" }, /nothing called q3/],
    [
      "a resource of another kind",
      { uploaded: "audio", model: "claims", name: "q2" },
      /no model is called claims/,
    ],
  ] as const)("refuses %s", async (_what, meant, reason) => {
    const [row] = await add({ files: [{ path: file("f", "x"), ...meant }] });
    expect(row).toMatchObject({ state: "refused", reason: expect.stringMatching(reason) });
  });

  it("refuses an empty file and gives a hint where the number of words is far off", async () => {
    const meant = { uploaded: "corpora", model: "m1", name: "q2" } as const;
    const [empty] = await add({ files: [{ path: file("e", ""), ...meant }] });
    expect(empty).toMatchObject({ state: "refused", reason: "it is empty" });
    const [long] = await add({ files: [{ path: file("l", "word ".repeat(40)), ...meant }] });
    expect(long).toMatchObject({
      state: "registered",
      hints: ["the service counted 4 words, the file has about 40"],
    });
  });

  it("proves a recording by codec, frequency and duration, and refuses one that has others", async () => {
    const meant = { uploaded: "audio", model: "field", name: "rec" } as const;
    const refused = async (content: Buffer, reason: RegExp) => {
      const [row] = await add({ files: [{ path: file("r.wav", content), ...meant }] });
      expect(row).toMatchObject({ state: "refused", reason: expect.stringMatching(reason) });
    };
    await refused(wav({ seconds: 2, frequency: 16_000 }), /8000 Hz, this has 16000/);
    await refused(wav({ seconds: 4, frequency: 8_000 }), /2 s, this has 4 s/);
    await refused(wav({ seconds: 2, frequency: 8_000, bits: 8 }), /pcm_s16le, this has pcm_u8/);
    await refused(Buffer.from("PK\u0003\u0004 archive"), /single recording/);
    const [row] = await add({
      files: [{ path: file("r.wav", wav({ seconds: 2, frequency: 8_000 })), ...meant }],
    });
    expect(row).toMatchObject({ state: "registered", evidence: "verified" });
  });

  it("refuses an archive of another kind, and claims one that fits", async () => {
    const meant = { uploaded: "audio", model: "field", name: "many" } as const;
    const gzip = Buffer.from([0x1f, 0x8b, 8, 0]);
    const [other] = await add({ files: [{ path: file("a.gz", gzip), ...meant }] });
    expect(other).toMatchObject({
      state: "refused",
      reason: expect.stringMatching(/zip archive there.*gzip/),
    });
    const [row] = await add({ files: [{ path: file("a.zip", "PK\u0003\u0004"), ...meant }] });
    expect(row).toMatchObject({ state: "registered", evidence: "claimed" });
  });

  it("never replaces what the gateway captured by another content", async () => {
    await commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/q2", "as it was uploaded")]);
    const path = file("any.txt", "something else here now");
    const [row] = await add({ files: [{ path, uploaded: "corpora", model: "m1", name: "q2" }] });
    expect(row).toMatchObject({ state: "refused", evidence: "captured" });
    expect(await evidenceOf("q2")).toMatchObject({ evidence: "captured" });
  });

  it("matches a folder by place and name, with or without the file's ending", async () => {
    file("claims/corpora/q2.txt", "one two three four");
    file("claims/grammars/yesno", "#ABNF 1.0;");
    file("field/audio/rec.wav", wav({ seconds: 2, frequency: 8_000 }));
    file("claims/corpora/old.txt", "gone since");
    file("readme.md", "what this is");
    const rows = await add({ folders: [folder] });
    expect(rows.map(({ state, name }) => `${state} ${name}`).sort()).toEqual([
      "refused null",
      "refused null",
      "registered q2",
      "registered rec",
      "registered yesno",
    ]);
    const left = await collect(listCaptures(rig.workspace, { source: SOURCE, missing: true }));
    expect(left.map(({ model, name }) => `${model} ${name}`).sort()).toEqual([
      "field [a1] many",
      "twin [m3] q2",
    ]);
  });
});

describe("verifying originals", () => {
  it("a claim counts as verified once the newest listing proves it", async () => {
    list("models/field [a1]/audio/rec", { ...AUDIO, status: "being_processed", duration: 0, details: {} });
    await collect(backup(rig.workspace, { select: [`${SOURCE}/acoustic-models`] }));
    const path = file("r.wav", wav({ seconds: 2, frequency: 8_000 }));
    const [row] = await add({ files: [{ path, uploaded: "audio", model: "field", name: "rec" }] });
    expect(row).toMatchObject({ evidence: "claimed" });
    list("models/field [a1]/audio/rec", AUDIO);
    await collect(backup(rig.workspace, { select: [`${SOURCE}/acoustic-models`] }));
    const rows = await collect(verifyCaptures(rig.workspace, { source: SOURCE }));
    expect(rows.find(({ name }) => name === "rec")).toMatchObject({
      outcome: "proven",
      evidence: "verified",
    });
    expect(rows.find(({ name }) => name === "q2")).toMatchObject({ outcome: "missing" });
    expect(await evidenceOf("rec")).toMatchObject({ evidence: "verified" });
  });

  it("tells an original that is no longer what the service has", async () => {
    const path = file("r.wav", wav({ seconds: 2, frequency: 8_000 }));
    await add({ files: [{ path, uploaded: "audio", model: "field", name: "rec" }] });
    list("models/field [a1]/audio/rec", { ...AUDIO, duration: 9 });
    await collect(backup(rig.workspace, { select: [`${SOURCE}/acoustic-models`] }));
    const rows = await collect(verifyCaptures(rig.workspace, { source: SOURCE }));
    expect(rows.find(({ name }) => name === "rec")).toMatchObject({
      outcome: "differs",
      problem: "the service has 9 s, this has 2 s",
    });
  });
});
