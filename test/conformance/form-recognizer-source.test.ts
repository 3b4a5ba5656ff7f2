import { systemClock } from "../../src/model/clock.ts";
import {
  startFormRecognizer,
  type FormRecognizerSandbox,
  type ModelOptions,
} from "../../src/sandbox/form-recognizer/index.ts";
import { openFormSource } from "../../src/sources/form-recognizer/index.ts";
import { COLLECTION } from "../../src/sources/form-recognizer/keys.ts";
import type { CopyLedger, CopyStep } from "../../src/sources/live-copies.ts";
import type { Source } from "../../src/sources/source.ts";
import { MemoryIds } from "../sources/watson/memory-ids.ts";
import { describeSource, type SourceFixture, type TargetPlace } from "./source.ts";

const TRAINED = "2026-03-04T05:06:07Z";
const TRAINED_AGAIN = "2026-05-06T07:08:09Z";
/** The real clock never comes near. */
const EXPIRES = "2999-03-04T05:06:07Z";

/** Without waits and without a rate. */
const QUICK = {
  pollMs: 1,
  retry: { baseDelayMs: 1, maxDelayMs: 2, attempts: 3, throttledAttempts: 4 },
  budget: { reads: 1e6, queries: 1e6, writes: 1e6 },
} as const;

const MODELS = 9;

/** How a generation of the API names its models, and the path below which they are. */
interface Generation {
  readonly apiVersion: "v2.1" | "2024-11-30";
  readonly id: (index: number) => string;
  readonly model: (id: string) => string;
  readonly version: (id: string) => string;
  /** v2.x has none. */
  readonly classifiers: boolean;
}

const V2: Generation = {
  apiVersion: "v2.1",
  id: (index) => `${String(index).padStart(8, "0")}-1111-4222-8333-444444444444`,
  model: (id) => `/formrecognizer/v2.1/custom/models/${id}`,
  version: (id) => id,
  classifiers: false,
};

const V4: Generation = {
  apiVersion: "2024-11-30",
  id: (index) => `form-${index}`,
  model: (id) => `/documentintelligence/documentModels/${id}?api-version=2024-11-30`,
  version: (id) => `${id}|${TRAINED}|2024-11-30`,
  classifiers: true,
};

type Made = ModelOptions & Required<Pick<ModelOptions, "id" | "kind">>;

function made({ apiVersion }: Generation, id: string, modified: string = TRAINED): Made {
  const times = { created: modified, modified };
  const name = apiVersion === "v2.1" ? { name: `the form ${id}` } : { expires: EXPIRES };
  return { kind: "models", id, apiVersion, ...times, ...name };
}

function allOf(generation: Generation): Made[] {
  const models = Array.from({ length: MODELS }, (_, index) => made(generation, generation.id(index)));
  const last = generation.classifiers
    ? { ...made(generation, "sorter"), kind: "classifiers" as const }
    : made(generation, generation.id(MODELS));
  return [...models, last];
}

/** The standby's copies have ids of their own. */
function copyId({ apiVersion }: Generation, id: string): string {
  return apiVersion === "v2.1" ? id.replace("1111", "9999") : `${id}.copy`;
}

function sourceOf(sandbox: FormRecognizerSandbox, { apiVersion }: Generation, name: string): Source {
  const { url, keys, region, resourceId } = sandbox.resource(name);
  const auth = { kind: "key", key: keys[0] } as const;
  return openFormSource({ url, apiVersion, auth, region, resourceId, ...QUICK }, systemClock);
}

/** The standby has a copy of everything, as a sync leaves it. */
function copiesOf(generation: Generation): CopyLedger {
  const steps = allOf(generation).map(({ id, kind }): CopyStep => {
    const [version, target] = [generation.version(id), copyId(generation, id)];
    return { key: `${kind}/${id}`, version, target, state: "verified", at: 0, level: "metadata" };
  });
  return {
    steps: () => steps,
    async record(step) {
      steps.push(step);
    },
  };
}

async function fixture(generation: Generation): Promise<SourceFixture> {
  const sandbox = await startFormRecognizer({
    resources: [
      { name: "home", region: "westus2" },
      { name: "standby", region: "eastus" },
      { name: "elsewhere", region: "northeurope" },
    ],
  });
  for (const model of allOf(generation)) {
    sandbox.makeModel("home", model);
    sandbox.makeModel("standby", { ...model, id: copyId(generation, model.id) });
  }
  const home = sourceOf(sandbox, generation, "home");
  const standby = sourceOf(sandbox, generation, "standby");
  const elsewhere = sourceOf(sandbox, generation, "elsewhere");
  const place = (source: Source, name: string): TargetPlace => ({
    source,
    collection: COLLECTION,
    ids: new MemoryIds(),
    isEmpty: async () => sandbox.models(name).length === 0,
    lender: { name: "standby", source: standby, ledger: copiesOf(generation) },
    settings: { replace: true },
  });
  const [there, here] = [place(elsewhere, "elsewhere"), place(home, "home")];
  const [changed, deleted, tampered] = [3, 4, 7].map(generation.id) as [string, string, string];
  const added = generation.id(MODELS + 1);
  return {
    source: home,
    collection: COLLECTION,
    async edit() {
      sandbox.makeModel("home", made(generation, changed, TRAINED_AGAIN));
      sandbox.makeModel("home", made(generation, added, TRAINED_AGAIN));
      const { url, keys } = sandbox.resource("home");
      const headers = { "ocp-apim-subscription-key": keys[0] };
      await fetch(`${url}${generation.model(deleted)}`, { method: "DELETE", headers });
      return { changed: `models/${changed}`, added: `models/${added}`, deleted: `models/${deleted}` };
    },
    newTarget: () => "elsewhere",
    place: (target) => (target === "elsewhere" ? there : here),
    async tamper() {
      const id = there.ids.get("models", tampered) ?? tampered;
      sandbox.makeModel("elsewhere", made(generation, id, TRAINED_AGAIN));
      return `models/${tampered}`;
    },
    async [Symbol.asyncDispose]() {
      for (const source of [home, standby, elsewhere]) await source[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

describeSource("form-recognizer, v2.1", () => fixture(V2));
describeSource("form-recognizer, v4.0", () => fixture(V4));
