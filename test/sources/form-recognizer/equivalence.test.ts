import { describe, expect, it } from "vitest";
import { equivalence, type Compared } from "../../../src/sources/form-recognizer/equivalence.ts";
import { recordedModel } from "./recordings.ts";

type Members = Readonly<Record<string, unknown>>;

function recorded(recording: string, id: string): Compared {
  return { kind: "models", id, body: recordedModel(recording, id) };
}

const V21 = "01-js-v2.1-copy-model";
const V21_MODEL = recorded(V21, "44834e05-353f-4d91-a680-31a0566a724e");
const V21_COPY = recorded(V21, "f6d156ee-f9cb-430b-bbf5-5668ca9032e1");
const V30_MODEL = recorded("07-net-v3.0-copy-with-tags", "1415286515");
const V30_COPY = recorded("07-net-v3.0-copy-with-tags", "115172173");
const V40_MODEL = recorded("10-net-v4.0-copy-model", "1383539849");
const V40_COPY = recorded("10-net-v4.0-copy-model", "724966136");
const BUNDLE = "12-bundle-composed-copy-errors-list";
const COMPOSED = recorded(BUNDLE, "3cada616-5da3-43df-b0b3-dc7db5f1bbcd");
const COMPOSED_COPY = recorded(BUNDLE, "b2332f77-8d71-404b-82ee-f2e54c2c67cb");

function changed(model: Compared, change: (body: Record<string, unknown>) => void): Compared {
  const body = structuredClone(model.body) as Record<string, unknown>;
  change(body);
  return { ...model, body };
}

const standIn = ({ id }: { readonly id: string }): string => `${id}-there`;

const classifierOf = (container: string): Compared => ({
  kind: "classifiers",
  id: "c",
  body: {
    classifierId: "c",
    modifiedDateTime: "2025-01-01T00:00:00Z",
    docTypes: { invoice: { kind: "azureBlob", azureBlobSource: { containerUrl: container } } },
  },
});

const v31 = (id: string, created: string, expires: string): Compared => ({
  kind: "models",
  id,
  body: {
    modelId: id,
    createdDateTime: created,
    expirationDateTime: expires,
    apiVersion: "2023-07-31",
    docTypes: { [id]: { fieldSchema: { Total: { type: "string" } } } },
  },
});

const types = (name: string): Compared =>
  changed(V30_COPY, (body) => void (body["docTypes"] = { [name]: {} }));

const invalid = (model: Compared): Compared =>
  changed(model, ({ modelInfo }) => void ((modelInfo as Record<string, unknown>)["status"] = "invalid"));

const composed = (id: string, classifier: string, model: string): Compared => ({
  kind: "models",
  id,
  body: {
    modelId: id,
    classifierId: classifier,
    docTypes: { invoice: { modelId: model } },
    modifiedDateTime: "t",
  },
});

const equal = { level: "metadata", differences: [], retrained: false, renamed: {} };

describe("equivalence, judged by recorded copies", () => {
  it("finds a v2.1 copy equal to its original", () => {
    expect(equivalence(V21_MODEL, V21_COPY)).toEqual(equal);
  });

  it("finds the copy of a composed model equal", () => {
    expect(equivalence(COMPOSED, COMPOSED_COPY)).toEqual(equal);
  });

  it("finds a v3.0 copy equal though it has tags of its own; its document type keeps the original's id", () => {
    expect(equivalence(V30_MODEL, V30_COPY)).toEqual(equal);
  });

  it("finds a v4.0 copy equal though it has another description, tags and time of creation; its document type has the copy's id", () => {
    expect(equivalence(V40_MODEL, V40_COPY)).toEqual({ ...equal, renamed: { "1383539849": "724966136" } });
  });

  it("finds two models of two trainings not equal", () => {
    expect(equivalence(V30_MODEL, V40_MODEL)).toMatchObject({ level: "exists", retrained: true });
  });
});

describe("equivalence", () => {
  it("tells a v2.1 model that is trained again by its times", () => {
    const again = changed(V21_COPY, ({ modelInfo }) => {
      (modelInfo as Record<string, unknown>)["createdDateTime"] = "2021-05-26T00:00:00Z";
    });
    expect(equivalence(V21_MODEL, again)).toEqual({
      level: "exists",
      differences: ["its creation is 2021-05-26T00:00:00Z, kept as 2021-05-25T18:20:43Z"],
      retrained: true,
      renamed: {},
    });
  });

  it.each([
    ["trainResult", { averageModelAccuracy: 0.5 }, "its training result differs"],
    ["keys", { clusters: { "0": ["Total"] } }, "its list of keys differs"],
    ["composedTrainResults", [{}], "the training results of its components differ"],
  ])("compares what v2.1 tells: %s", (name, value, difference) => {
    const other = changed(V21_COPY, (body) => void (body[name] = value));
    expect(equivalence(V21_MODEL, other)).toMatchObject({ level: "exists", differences: [difference] });
  });

  it.each([
    ["modelName", "other", "its name is other, kept as copyModelName162196684344202824"],
    ["attributes", { isComposed: true }, "its kind (composed or not) differs"],
  ])("compares what v2.1 tells of every model: %s", (name, value, difference) => {
    const other = changed(V21_COPY, (body) => {
      body["modelInfo"] = { ...(body["modelInfo"] as object), [name]: value };
    });
    expect(equivalence(V21_MODEL, other)).toMatchObject({ level: "exists", differences: [difference] });
  });

  it("tells a v4.0 model that was built over by the time of its last change", () => {
    const over = changed(V40_MODEL, (body) => {
      body["modifiedDateTime"] = "2025-01-01T00:00:00Z";
    });
    expect(equivalence(V40_MODEL, over)).toMatchObject({ level: "exists", retrained: true });
  });

  it("takes the same instant for the same though it is written with fractions of a second", () => {
    const fractions = changed(V40_COPY, (body) => {
      body["modifiedDateTime"] = "2024-12-10T02:35:20.0000000Z";
    });
    expect(equivalence(V40_MODEL, fractions).level).toBe("metadata");
  });

  it("judges a v3.1 copy by its expiry, because nobody knows whose creation it shows", () => {
    const original = v31("a", "2024-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    const copy = v31("b", "2024-05-05T00:00:00Z", "2026-01-01T00:00:00Z");
    const other = v31("b", "2024-05-05T00:00:00Z", "2026-05-05T00:00:00Z");
    expect(equivalence(original, copy).level).toBe("metadata");
    expect(equivalence(original, other)).toMatchObject({ level: "exists", retrained: true });
  });

  it("says which document type differs in what", () => {
    const other = changed(V40_COPY, (body) => {
      const docTypes = body["docTypes"] as Record<string, Record<string, Record<string, number>>>;
      docTypes["724966136"]!["fieldConfidence"]!["Total"] = 0.5;
      docTypes["receipt"] = {};
    });
    expect(equivalence(V40_MODEL, other)).toMatchObject({ level: "exists", retrained: false });
    expect(equivalence(V40_MODEL, other).differences).toEqual(
      expect.arrayContaining([
        "the confidence in the fields of the document type 1383539849 differs",
        "the document type receipt is not among the kept ones",
      ]),
    );
  });

  it("does not call a document type renamed that has neither model's id", () => {
    expect(equivalence(types("invoice"), types("receipt"))).toMatchObject({
      renamed: {},
      differences: [
        "the document type invoice is missing",
        "the document type receipt is not among the kept ones",
      ],
    });
  });

  it("reaches no level while the model is not ready", () => {
    const creating: Members = { modelInfo: { modelId: V21_COPY.id, status: "creating" } };
    expect(equivalence(V21_MODEL, { ...V21_COPY, body: creating }).level).toBe("none");
  });

  it("holds two invalid models for equal: they tell what was", () => {
    expect(equivalence(invalid(V21_MODEL), invalid(V21_COPY)).level).toBe("metadata");
  });

  it("does not count the component ids of a composed model, nor their order", () => {
    const again = changed(COMPOSED_COPY, (body) => {
      const results = body["composedTrainResults"] as Record<string, unknown>[];
      body["composedTrainResults"] = results
        .reverse()
        .map((result, at) => ({ ...result, modelId: `x${at}` }));
    });
    expect(equivalence(COMPOSED, again).level).toBe("metadata");
  });

  it("wants the stand-ins of components and classifier where they are known, or the original's own ids", () => {
    const kept = composed("m", "c", "p");
    expect(equivalence(kept, composed("m", "c-there", "p-there"), standIn).level).toBe("metadata");
    expect(equivalence(kept, composed("m", "c", "p"), standIn).level).toBe("metadata");
    expect(equivalence(kept, composed("m", "c-there", "other"), standIn).differences).toEqual([
      "its model for invoice is other, not p-there",
    ]);
    expect(equivalence(kept, composed("m", "other", "other")).level).toBe("metadata");
  });

  it("does not count where a classifier's training data lie", () => {
    expect(equivalence(classifierOf("https://a/x"), classifierOf("https://b/x")).level).toBe("metadata");
  });
});
