import { describe, expect, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import { successorOf } from "../../../src/sources/watson-stt/language-models/base-models.ts";
import type { KeptFile, KeptModel } from "../../../src/sources/watson-stt/language-models/kept-model.ts";
import { resourceOf, wordOf } from "../../../src/sources/watson-stt/language-models/objects.ts";
import { verdictOf } from "../../../src/sources/watson-stt/language-models/readiness.ts";
import { definitionOf } from "../../../src/sources/watson-stt/language-models/word-definition.ts";
import { customModelOf } from "../../../src/sources/watson-stt/custom-model.ts";
import type { OfferedModel } from "../../../src/sources/watson-stt/model-calls.ts";
import type { CaptureNote } from "../../../src/sources/watson/captures.ts";

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), "utf8");

const NOTE: CaptureNote = {
  operation: "addCorpus",
  at: "2026-07-01T08:00:00.000Z",
  evidence: "captured",
  by: "gateway",
  query: {},
};

const BLOB = {
  part: 0,
  name: "content",
  blob: "",
  pack: "",
  length: 4,
  encoding: "identity",
  sha256: "",
  alias: "",
} as const;

function corpus(name: string, evidence?: CaptureNote["evidence"]): KeptFile {
  return {
    key: keyOf(`models/Claims [1]/corpora/${name}`),
    kind: "corpora",
    resource: resourceOf(json({ name, total_words: 4, status: "analyzed" })),
    original: evidence === undefined ? undefined : { note: { ...NOTE, evidence }, content: BLOB },
    missing: evidence === undefined ? "no original of it was ever captured" : "",
  };
}

function model(files: readonly KeptFile[], more: Partial<KeptModel> = {}): KeptModel {
  const entry = {
    customization_id: "1",
    name: "Claims",
    base_model_name: "en-US_Telephony",
    status: "available",
    versions: ["en-US_Telephony.v2023-02-27"],
  };
  return {
    named: { id: "1", name: "Claims" },
    key: keyOf("models/Claims [1]"),
    chosen: true,
    model: customModelOf(json(entry)),
    files,
    words: [],
    derived: new Map(),
    deleted: [],
    creation: undefined,
    training: { ...NOTE, operation: "trainLanguageModel" },
    ...more,
  };
}

describe("whether a language model could be rebuilt", () => {
  it("is complete when every original and the options of its training are known", () => {
    expect(verdictOf(model([corpus("a", "captured"), corpus("b", "verified")]))).toMatchObject({
      verdict: "complete",
      missing: [],
    });
  });

  it("is degraded when the training weight is unknown", () => {
    const { verdict, missing } = verdictOf(model([corpus("a", "captured")], { training: undefined }));
    expect(verdict).toBe("degraded");
    expect(missing[0]?.what).toMatch(/^Training weight unknown/);
  });

  it("is degraded when an original was only claimed, or its upload was cut off", () => {
    expect(verdictOf(model([corpus("a", "claimed")])).verdict).toBe("degraded");
    expect(verdictOf(model([corpus("a", "uncertain")])).verdict).toBe("degraded");
  });

  it("is partial when some originals are missing, and says how many and which, before anything else", () => {
    const { verdict, missing } = verdictOf(
      model([corpus("a"), corpus("b", "captured")], { training: undefined }),
    );
    expect(verdict).toBe("partial");
    expect(missing[0]?.what).toBe("Not recoverable: 1 of 2 corpora and grammars are missing.");
    expect(missing[1]?.key?.toString()).toBe("models/Claims [1]/corpora/a");
  });

  it("is lost when nothing of its own would come back", () => {
    expect(verdictOf(model([corpus("a"), corpus("b")])).verdict).toBe("lost");
  });
});

const offered = (...names: string[]): OfferedModel[] => names.map((name) => ({ name, customisable: true }));

describe("the successor of a base model", () => {
  it("is the large speech model of its locale where the service has one", () => {
    expect(successorOf("en-US_BroadbandModel", offered("en-US_Multimedia", "en-US")).successor).toBe("en-US");
  });

  it("is the next generation otherwise, by the kind of sound", () => {
    const both = offered("ko-KR_Telephony", "ko-KR_Multimedia");
    expect(successorOf("ko-KR_BroadbandModel", both).successor).toBe("ko-KR_Multimedia");
    expect(successorOf("ko-KR_NarrowbandModel", both).successor).toBe("ko-KR_Telephony");
  });

  it("is the shared telephony model for Latin American Spanish without one of its own", () => {
    expect(successorOf("es-CL_NarrowbandModel", offered("es-LA_Telephony")).successor).toBe(
      "es-LA_Telephony",
    );
  });

  it("is never one that takes no language models, and loses grammars where it takes none", () => {
    const closed = [{ name: "nl-NL", customisable: false }, ...offered("nl-NL_Multimedia")];
    expect(successorOf("nl-NL_BroadbandModel", closed).successor).toBe("nl-NL_Multimedia");
    expect(successorOf("de-DE_BroadbandModel", []).successor).toBeUndefined();
    const { loses } = successorOf("de-DE_NarrowbandModel", offered("de-DE"));
    expect(loses.some((one) => one.startsWith("grammars"))).toBe(true);
  });
});

describe("what is sent for a word", () => {
  const read = wordOf(
    json({ word: "Holdfast", sounds_like: ["hold fast"], display_as: "", count: 3, source: ["user", "a"] }),
  );

  it("leaves out pronunciations that a capture shows nobody had given, and empty members", () => {
    expect(definitionOf({ word: read, submitted: { word: "Holdfast" } })).toEqual({ word: "Holdfast" });
  });

  it("is what was read where nothing was captured", () => {
    expect(definitionOf({ word: read, submitted: undefined })).toEqual({
      word: "Holdfast",
      sounds_like: ["hold fast"],
    });
  });

  it("holds mapping_only as the truth value that it is", () => {
    const mapped = wordOf(json({ word: "a", mapping_only: true, source: ["user"] }));
    expect(definitionOf({ word: mapped, submitted: undefined })).toEqual({ word: "a", mapping_only: true });
  });
});
