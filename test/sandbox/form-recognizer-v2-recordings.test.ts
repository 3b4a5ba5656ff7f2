/**
 * Recorded traffic of v2.x, sent to the stand-in again: it answers as the service did.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { FormRecognizerSandbox, ModelOptions } from "../../src/sandbox/form-recognizer/index.ts";
import { startFormRecognizer } from "../../src/sandbox/form-recognizer/index.ts";
import type { RecordedEntry } from "./form-recognizer-recording.ts";
import { Replay, entriesOf, recording } from "./form-recognizer-recording.ts";
import type { TrainingFolder } from "./form-recognizer-training-folder.ts";
import { trainingFolder } from "./form-recognizer-training-folder.ts";

const START = Date.UTC(2021, 4, 25, 18, 20, 43);
const STEP_MS = 1000;
const TOKEN = "a-token";

interface ModelBody {
  readonly modelInfo: ModelInfo;
  readonly trainResult?: unknown;
  readonly composedTrainResults?: readonly ({ readonly modelId: string } & Record<string, unknown>)[];
}

interface ModelInfo {
  readonly modelId: string;
  readonly modelName?: string;
  readonly attributes?: { readonly isComposed: boolean };
  readonly status: "creating" | "ready" | "invalid";
  readonly createdDateTime: string;
  readonly lastUpdatedDateTime: string;
}

let folder: TrainingFolder;
let sandbox: FormRecognizerSandbox;

beforeEach(async () => {
  folder = await trainingFolder();
  sandbox = await startFormRecognizer({
    resources: [],
    manualClockFrom: START,
    copyMs: STEP_MS,
    buildMs: STEP_MS,
    tokens: [TOKEN],
    containers: { "https://storageaccount/trainingdata": folder.path, Sanitized: folder.path },
  });
});

afterEach(async () => {
  await sandbox.close();
  await folder.remove();
});

/** The resource that a recorded copy names as its target, which is its source too. */
async function resourceOf(entries: readonly RecordedEntry[], region: string): Promise<string> {
  const copy = entries.find(({ request }) => request.body !== null && "targetResourceId" in request.body);
  const [, , subscription = "", , resourceGroup = "", , , , name = ""] = String(
    copy?.request.body?.["targetResourceId"],
  ).split("/");
  await sandbox.addResource({ name, region, subscription, resourceGroup });
  return name;
}

/** Documents and fields that a recorded training result names. */
async function fillFolder(entries: readonly RecordedEntry[]): Promise<void> {
  const trained = entries.map(({ response }) => response.body as { trainResult?: Record<string, object[]> });
  const result = trained.find((body) => body?.trainResult?.["fields"] !== undefined)?.trainResult;
  const names = (result?.["trainingDocuments"] ?? []) as { documentName: string }[];
  const fields = (result?.["fields"] ?? []) as { fieldName: string }[];
  await folder.labelled(
    names.map(({ documentName }) => documentName),
    Object.fromEntries(fields.map(({ fieldName }) => [fieldName, "string"])),
  );
}

/** Lets as much time pass as the recorded answer says that has passed. */
async function untilStatus({ response, request }: RecordedEntry): Promise<void> {
  const body = response.body as { status?: string; modelInfo?: ModelInfo } | null;
  const status = request.method === "GET" ? (body?.status ?? body?.modelInfo?.status) : undefined;
  if (status === "running" || status === "ready" || status === "invalid") await sandbox.advance(STEP_MS);
  if (status === "succeeded" || status === "failed") await sandbox.advance(2 * STEP_MS);
}

/** A recorded model, put in as it was. */
function putIn(resource: string, info: ModelInfo, content: ModelOptions["content"] = {}): void {
  sandbox.makeModel(resource, {
    id: info.modelId,
    status: info.status,
    created: info.createdDateTime,
    modified: info.lastUpdatedDateTime,
    composed: info.attributes?.isComposed ?? false,
    buildMode: info.attributes === undefined ? "unlabelled" : "labelled",
    ...(info.modelName === undefined ? {} : { name: info.modelName }),
    content,
  });
}

function bodyOf(entry: RecordedEntry | undefined): ModelBody {
  return entry?.response.body as ModelBody;
}

describe("the stand-in answers as recorded", () => {
  it.each(["01-js-v2.1-copy-model", "02-net-v2.0-copy-wrong-region"])(
    "%s: from the training to the end of the copy",
    async (name) => {
      const entries = entriesOf(recording(name));
      await fillFolder(entries);
      const resource = await resourceOf(entries, "westus2");
      await new Replay(sandbox, { resource, before: untilStatus }).play(entries);
    },
  );

  it("03: a copy that is throttled at first", async () => {
    const entries = entriesOf(recording("03-net-v2.1p2-copy-429-then-wrong-region"));
    const resource = await resourceOf(entries, "westcentralus");
    const { modelInfo, ...content } = bodyOf(entries[0]);
    putIn(resource, modelInfo, content);
    await new Replay(sandbox, {
      resource,
      before: async (entry) => {
        if (entry.response.status === 429) {
          const { error } = entry.response.body as { error: { message: string } };
          sandbox.faults.add({ kind: "status", status: 429, error: error.message, retryAfter: 1, times: 1 });
        }
        await untilStatus(entry);
      },
    }).play(entries);
  });

  it("12: a composed model, copied", async () => {
    const entries = entriesOf(recording("12-bundle-composed-copy-errors-list"), "composed model copied");
    const resource = await resourceOf(entries, "centraluseuap");
    const { modelInfo, composedTrainResults = [] } = bodyOf(entries[1]);
    for (const { modelId, ...trainResult } of composedTrainResults) {
      putIn(resource, { ...modelInfo, modelId, attributes: { isComposed: false } }, { trainResult });
    }
    await new Replay(sandbox, { resource, before: untilStatus }).play(entries);
  });

  it("12: a list over two pages, summary, deletion", async () => {
    const entries = entriesOf(recording("12-bundle-composed-copy-errors-list"), "v2.1 list");
    await sandbox.addResource({ name: "eastus", region: "eastus" });
    const pages = entries
      .slice(0, 2)
      .map(({ response }) => (response.body as { modelList: ModelInfo[] }).modelList);
    for (const info of pages.flat()) putIn("eastus", info);
    sandbox.modes.pageSize = pages[0]?.length ?? 0;
    await new Replay(sandbox, {
      resource: "eastus",
      token: TOKEN,
      before: ({ request }) => {
        // The page that showed it was left out of the recording.
        const id = request.url.split("/").at(-1) ?? "";
        if (request.method === "DELETE") sandbox.makeModel("eastus", { id });
      },
    }).play(entries);
  });

  it.each([
    "v2 delete of unknown model",
    "v2 wrong key",
    "v2.0 GA copyAuthorization",
    "v2.1 compose with an unknown id",
    "v2 training failure",
  ])("12: %s", async (part) => {
    const entries = entriesOf(recording("12-bundle-composed-copy-errors-list"), part);
    expect(entries).not.toHaveLength(0);
    await sandbox.addResource({ name: "west", region: "westcentralus" });
    const components = (entries[0]?.request.body?.["modelIds"] ?? []) as string[];
    if (components[0] !== undefined) sandbox.makeModel("west", { id: components[0] });
    // The container of the failed training could not be read.
    if (part === "v2 training failure") await folder.remove();
    await new Replay(sandbox, {
      resource: "west",
      before: untilStatus,
      ...(part === "v2 wrong key" ? { key: "0".repeat(32) } : {}),
    }).play(entries);
  });
});
