/**
 * Whole flows of the client against the stand-in, in every version.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import {
  startFormRecognizer,
  type FormRecognizerSandbox,
} from "../../../src/sandbox/form-recognizer/index.ts";
import {
  API_VERSIONS,
  type ApiVersion,
  type FormConfig,
} from "../../../src/sources/form-recognizer/config.ts";
import type { ModelRef } from "../../../src/sources/form-recognizer/keys.ts";
import { copyFailure } from "../../../src/sources/form-recognizer/service/explain.ts";
import type { CopyState, FormService } from "../../../src/sources/form-recognizer/service/face.ts";
import { listAll, open, signal, thrown } from "./service-stand.ts";

const START = Date.parse("2024-12-10T02:35:20Z");
const MODEL: ModelRef = { kind: "models", id: "44834e05-353f-4d91-a680-31a0566a724e" };
const POLLS = 20;

let sandbox: FormRecognizerSandbox;

beforeEach(async () => {
  sandbox = await startFormRecognizer({
    resources: [
      { name: "west", region: "westus2" },
      { name: "east", region: "eastus" },
      { name: "sealed", region: "westus2", encrypted: true },
    ],
    manualClockFrom: START,
    copyMs: 1_000,
    modes: { linkVersion: "v2.1-preview.1" },
  });
});

afterEach(async () => {
  await sandbox.close();
});

function serviceOf(name: string, version: ApiVersion, more: Partial<FormConfig> = {}): FormService {
  const { url, keys, region, resourceId } = sandbox.resource(name);
  const config = { auth: { kind: "key", key: keys[1] }, region, resourceId, ...more } as const;
  return open(url, version, config, sandbox);
}

async function copied(
  [source, target]: readonly [FormService, FormService],
  ref: ModelRef,
  wanted: string,
  degrade = false,
): Promise<{ readonly copy: ModelRef; readonly states: readonly CopyState[] }> {
  const ticket = await target.authorise({ kind: ref.kind, id: wanted, description: "a copy" }, signal);
  const begun = await source.submitCopy(ref, ticket, degrade, signal);
  if (begun === "unsure") throw new Error("it was accepted");
  const states: CopyState[] = [];
  for (let poll = 0; poll < POLLS; poll++) {
    const state = await source.copyState(begun.operation, signal);
    states.push(state);
    if (state.status === "succeeded" || state.status === "failed") break;
    await sandbox.advance(1_000);
  }
  return { copy: { kind: ref.kind, id: ticket.targetId }, states };
}

/** A model of that version, or one that it can see. */
function make(name: string, version: ApiVersion): void {
  sandbox.makeModel(name, { id: MODEL.id, apiVersion: version === "v2.0" ? "v2.0" : version });
}

describe.each(API_VERSIONS)("a copy with %s", (version) => {
  it("goes through all its states and is found in the target, once", async () => {
    make("west", version);
    await using source = serviceOf("west", version);
    await using target = serviceOf("east", version);
    expect((await listAll(source)).map(({ id }) => id)).toEqual([MODEL.id]);
    const { copy, states } = await copied([source, target], MODEL, "invoices.1");
    expect(states.map(({ status }) => status)).toEqual(["notStarted", "running", "succeeded"]);
    expect(await target.details(copy, signal)).toMatchObject({ status: "ready", id: copy.id });
    expect((await listAll(target)).map(({ id, status }) => `${id} ${status}`)).toEqual([`${copy.id} ready`]);
    expect((await target.room(signal)).count).toBe(1);

    await target.remove(copy, signal);
    await target.remove(copy, signal);
    expect(await target.details(copy, signal)).toBeUndefined();
    expect(await listAll(target)).toEqual([]);
  });

  it("of an encrypted model fails without consent and succeeds with it", async () => {
    make("sealed", version);
    await using source = serviceOf("sealed", version);
    await using target = serviceOf("east", version);
    const refused = (await copied([source, target], MODEL, "a1")).states.at(-1);
    if (refused?.status !== "failed") throw new Error("it failed");
    expect(copyFailure(refused.code, refused.message)).toBe("downgrade");
    expect((await copied([source, target], MODEL, "a2", true)).states.at(-1)?.status).toBe("succeeded");
  });

  it("of a model that is not there is source-not-found", async () => {
    await using source = serviceOf("west", version);
    await using target = serviceOf("east", version);
    const error = await thrown(() => copied([source, target], MODEL, "a1"));
    expect(error).toMatchObject({ code: "source-not-found", context: { status: 404 } });
  });

  it("that is answered with a fault after it was accepted is unsure, and sent once", async () => {
    make("west", version);
    await using source = serviceOf("west", version);
    await using target = serviceOf("east", version);
    const ticket = await target.authorise({ kind: "models", id: "a1" }, signal);
    sandbox.faults.add({ kind: "status-after", status: 502, match: { method: "POST", resource: "west" } });
    expect(await source.submitCopy(MODEL, ticket, false, signal)).toBe("unsure");
    await sandbox.advance(2_000);
    expect(await target.details({ kind: "models", id: ticket.targetId }, signal)).toMatchObject({
      status: "ready",
    });
    expect(
      sandbox
        .resource("west")
        .requests.recent()
        .filter(({ method }) => method === "POST"),
    ).toHaveLength(1);
  });
});

describe("with v2.x", () => {
  it("a wrong region is found out late, and told as what it is", async () => {
    make("west", "v2.1");
    await using source = serviceOf("west", "v2.1");
    await using target = serviceOf("east", "v2.1", { region: "eastus2" });
    const last = (await copied([source, target], MODEL, "")).states.at(-1);
    if (last?.status !== "failed") throw new Error("it failed");
    expect(last.code).toBe("AuthorizationError");
    expect(copyFailure(last.code, last.message)).toBe("metadata");
  });

  it("a ticket with .NET ticks is understood and accepted", async () => {
    sandbox.modes.ticks = true;
    make("west", "v2.1");
    await using source = serviceOf("west", "v2.1");
    await using target = serviceOf("east", "v2.1");
    expect((await target.authorise({ kind: "models", id: "" }, signal)).expires).toBe(START + 86_400_000);
    expect((await copied([source, target], MODEL, "")).states.at(-1)?.status).toBe("succeeded");
  });
});

describe("with v3.0 and later", () => {
  it("an id is reserved by its authorisation", async () => {
    await using target = serviceOf("east", "2024-11-30");
    await target.authorise({ kind: "models", id: "taken" }, signal);
    const error = await thrown(() => target.authorise({ kind: "models", id: "taken" }, signal));
    expect(error).toBeInstanceOf(HoldfastError);
    expect(error).toMatchObject({ code: "target-refused", context: { status: 409, code: "ModelExists" } });
    expect(await target.details({ kind: "models", id: "taken" }, signal)).toBeUndefined();
  });

  it("classifiers are copied by v4.0, and the operation's list tells what it made", async () => {
    sandbox.makeModel("west", { kind: "classifiers", id: "sorter" });
    await using source = serviceOf("west", "2024-11-30");
    await using target = serviceOf("east", "2024-11-30");
    const ref: ModelRef = { kind: "classifiers", id: "sorter" };
    const { copy, states } = await copied([source, target], ref, "sorter.1");
    expect(states.at(-1)).toEqual({ status: "succeeded" });
    expect(await target.details(copy, signal)).toMatchObject({
      kind: "classifiers",
      buildMode: "classifier",
    });
    const operations = [];
    for await (const batch of source.operations(signal)) operations.push(...batch);
    expect(operations).toMatchObject([{ kind: "documentClassifierCopyTo", makes: "sorter.1" }]);
  });

  it.each(["empty", "absent"] as const)(
    "long lists come whole though their pages repeat items; last link %s",
    async (link) => {
      sandbox.modes.pageSize = 3;
      sandbox.modes.finalNextLink = link;
      const ids = Array.from({ length: 10 }, (_none, at) => `model-${at}`);
      for (const id of ids) sandbox.makeModel("west", { id, apiVersion: "2024-11-30" });
      await using service = serviceOf("west", "2024-11-30");
      expect((await listAll(service)).map(({ id }) => id).sort()).toEqual(ids);
    },
  );
});

it("a wrong key is source-unauthorized in every version", async () => {
  for (const version of API_VERSIONS) {
    await using service = serviceOf("west", version, { auth: { kind: "key", key: "wrong".repeat(6) } });
    expect(await thrown(() => listAll(service))).toMatchObject({ code: "source-unauthorized" });
  }
});

it("a dead region is source-unreachable", async () => {
  await using service = serviceOf("west", "2024-11-30");
  await sandbox.kill("west");
  expect(await thrown(() => listAll(service))).toMatchObject({ code: "source-unreachable" });
});
