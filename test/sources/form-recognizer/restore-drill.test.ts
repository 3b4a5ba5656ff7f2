/**
 * Both regions are gone: what was kept of a resource, and nothing else, goes into an empty one. With the real client, the stand-in and Azurite.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/model/clock.ts";
import { keyText } from "../../../src/model/key.ts";
import {
  startFormRecognizer,
  type FormRecognizerSandbox,
} from "../../../src/sandbox/form-recognizer/index.ts";
import type { ApiVersion, FormConfig } from "../../../src/sources/form-recognizer/config.ts";
import { openFormSource } from "../../../src/sources/form-recognizer/index.ts";
import { resourceOf } from "../../../src/sources/form-recognizer/resource.ts";
import type { Begun, FormService } from "../../../src/sources/form-recognizer/service/face.ts";
import type { RestoreOutcome, RestoreRequest, Source, VersionReader } from "../../../src/sources/source.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "../../rigs/azurite.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import { acted, contextOf } from "../watson/timeline.ts";
import { KeptData } from "./data-rig.ts";
import { readerOf } from "./restore-stand.ts";
import { LABELLED_FIELDS, trainingSet } from "./training-set.ts";

const SIGNAL = new AbortController().signal;
const FIELDS = Object.keys(LABELLED_FIELDS).sort();

let azurite: Azurite;

beforeAll(async () => {
  azurite = await startAzurite();
});

afterAll(async () => {
  await azurite.close();
});

interface Drill {
  readonly sandbox: FormRecognizerSandbox;
  readonly data: AzuriteContainer;
  readonly retrain: AzuriteContainer;
  readonly source: (name: string) => Source;
}

async function drill(apiVersion: ApiVersion): Promise<Drill> {
  const sandbox = await startFormRecognizer({
    resources: [
      { name: "home", region: "westeurope" },
      { name: "away", region: "northeurope" },
    ],
  });
  const suffix = apiVersion.replaceAll(/[^a-z0-9]/g, "");
  const data = await azurite.container(`data-${suffix}`);
  const retrain = await azurite.container(`retrain-${suffix}`);
  return {
    sandbox,
    data,
    retrain,
    source(name) {
      const { url, keys, region, resourceId } = sandbox.resource(name);
      const config: FormConfig = {
        url,
        apiVersion,
        region,
        resourceId,
        auth: { kind: "key", key: keys[0] },
        pollMs: 5,
        budget: { reads: 1e6, queries: 1e6, writes: 1e6 },
        dataSets: ["alpha", "beta"].map((model) => ({
          name: `${model}-forms`,
          prefix: `${model.slice(0, 1)}/`,
          models: [model],
          ...data.sasConfig("rl"),
        })),
        retrainInto: { prefix: "dr", ...retrain.sasConfig("rlcwd") },
      };
      return openFormSource(config, systemClock);
    },
  };
}

async function built(service: FormService, begun: Begun): Promise<string> {
  for (;;) {
    const state = await service.buildState({ kind: "models", ...begun }, SIGNAL);
    if (state.status === "succeeded") return begun.id;
    if (state.status !== "running" && state.status !== "notStarted") throw new Error(JSON.stringify(state));
  }
}

async function captured(source: Source): Promise<VersionReader> {
  const kept = new KeptData();
  const request = { collection: "resource", cursor: undefined, resume: undefined, reconcile: false };
  for await (const event of source.capture({ ...request, engine: kept.engine() }, kept.context)) {
    if (event.kind === "versions") kept.add(event.versions);
  }
  return readerOf(kept.versions.values(), async function* ({ blob }) {
    yield kept.blobs.get(blob) as Buffer;
  });
}

async function restored(
  source: Source,
  reader: VersionReader,
  more: Partial<RestoreRequest>,
): Promise<{ readonly outcomes: Record<string, RestoreOutcome>; readonly warnings: readonly string[] }> {
  const outcomes: Record<string, RestoreOutcome> = {};
  const context = contextOf();
  const request: RestoreRequest = {
    target: "resource",
    mode: "replica",
    apply: true,
    reader,
    whole: true,
    merge: false,
    newerItems: "keep",
    replicationStopped: false,
    settings: { retrain: true },
    ...more,
  };
  for await (const outcome of source.restore(request, context)) outcomes[keyText(outcome.key)] = outcome;
  return { outcomes, warnings: context.warnings };
}

describe.each(["v2.1", "2024-11-30"] as const)("both regions are gone, %s", (apiVersion) => {
  it("and the models are there again from what was kept alone, with equal fields; a second restore writes nothing", async () => {
    const { sandbox, data, retrain, source } = await drill(apiVersion);
    await using _ = sandbox;
    await using home = source("home");
    await using away = source("away");
    const { service } = resourceOf(home);
    const old = service.traits.choosesIds;
    await data.putAll(trainingSet({ prefix: "a/", layout: old ? "v2" : "v3" }));
    await data.putAll(trainingSet({ prefix: "b/", layout: old ? "v2" : "v3", series: 2 }));
    const container = `${data.url}?${data.sas()}`;
    const buildMode = old ? "labelled" : "template";
    const parts: string[] = [];
    for (const name of ["alpha", "beta"]) {
      const prefix = `${name.slice(0, 1)}/`;
      const request = { kind: "models", id: name, name, buildMode, container, prefix } as const;
      parts.push(await built(service, await service.build(request, SIGNAL)));
    }
    if (service.traits.classifiers) {
      const documents = ["01", "02", "03", "04", "05"].map((number) => `b/invoice-${number}.pdf`);
      await data.put("b/list.jsonl", documents.map((file) => `${JSON.stringify({ file })}\n`).join(""));
      const docTypes = { alpha: { prefix: "a/" }, beta: { prefix: "", fileList: "b/list.jsonl" } };
      const request = {
        kind: "classifiers",
        id: "sorter",
        buildMode: "classifier",
        container,
        prefix: "",
      } as const;
      const begun = await service.build({ ...request, docTypes }, SIGNAL);
      while ((await service.buildState({ ...begun, kind: "classifiers" }, SIGNAL)).status !== "succeeded");
    }
    const docTypes = { alpha: { modelId: "alpha" }, beta: { modelId: "beta" } };
    const composition = { id: "all", name: "all", components: parts };
    const whole =
      apiVersion === "2024-11-30" ? { ...composition, classifier: "sorter", docTypes } : composition;
    const all = await built(service, await service.compose(whole, SIGNAL));

    const reader = await captured(home);
    await sandbox.kill("home");
    for (const name of await data.names()) await data.remove(name);

    const ids = new MemoryIds();
    const planned = await restored(away, reader, { apply: false });
    expect(sandbox.models("away")).toEqual([]);
    expect(await retrain.names()).toEqual([]);
    const { outcomes, warnings } = await restored(away, reader, { ids });
    expect(acted(outcomes)).toEqual(acted(planned.outcomes));
    const models = [...parts, all];
    const made = Object.fromEntries(models.map((id) => [`models/${id}`, "create"]));
    expect(acted(outcomes)).toEqual(
      service.traits.classifiers ? { ...made, "classifiers/sorter": "create" } : made,
    );
    expect(warnings.filter((warning) => warning.includes("similar model"))).toHaveLength(
      service.traits.classifiers ? 3 : 2,
    );
    for (const id of parts) {
      const target = outcomes[`models/${id}`]?.mapped?.target ?? "";
      const model = await resourceOf(away).service.details({ kind: "models", id: target }, SIGNAL);
      expect(fieldsIn(model?.body)).toEqual(FIELDS);
    }

    if (service.traits.classifiers) {
      const classifier = await resourceOf(away).service.details(
        { kind: "classifiers", id: "sorter" },
        SIGNAL,
      );
      const folder = expect.stringMatching(/^dr\/holdfast-retrain\/[0-9a-f]{64}\//);
      expect(classifier?.body["docTypes"]).toMatchObject({
        alpha: { azureBlobSource: { prefix: folder } },
        beta: { azureBlobFileListSource: { fileList: folder } },
      });
    }

    const calls = sandbox.resource("away").requests.recent().length;
    const before = await retrain.names();
    expect(acted((await restored(away, reader, { ids })).outcomes)).toEqual({});
    const later = sandbox.resource("away").requests.recent().slice(calls);
    expect(later.filter(({ method }) => method !== "GET")).toEqual([]);
    expect(await retrain.names()).toEqual(before);
    expect(before.every((name) => name.startsWith("dr/holdfast-retrain/"))).toBe(true);
  });
});

/** Names of fields in the details of any version. */
function fieldsIn(body: Readonly<Record<string, unknown>> | undefined): string[] {
  const docTypes = (body?.["docTypes"] ?? {}) as Record<string, { fieldSchema?: object }>;
  const result = (body?.["trainResult"] ?? {}) as { fields?: { fieldName: string }[] };
  return [
    ...Object.values(docTypes).flatMap(({ fieldSchema }) => Object.keys(fieldSchema ?? {})),
    ...(result.fields ?? []).map(({ fieldName }) => fieldName),
  ].sort();
}
