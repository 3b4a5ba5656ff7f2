/**
 * Both regions are gone, the blob container too: the models are trained again in a fresh resource, from the repository alone.
 */
import { expect, it } from "vitest";
import { backup } from "../../src/operations/backup.ts";
import { check } from "../../src/operations/check.ts";
import type { SourceSettings } from "../../src/operations/connections.ts";
import { readiness } from "../../src/operations/readiness.ts";
import type { RestoreReport } from "../../src/operations/reports.ts";
import { restore } from "../../src/operations/restore.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { startFormRecognizer, type FormRecognizerSandbox } from "../../src/sandbox/form-recognizer/index.ts";
import { startAzurite } from "../rigs/azurite.ts";
import { LABELLED_FIELDS, trainingSet } from "../sources/form-recognizer/training-set.ts";
import { formSources } from "./form-house.ts";
import { collect, newRepository } from "./house.ts";

const V4 = "2024-11-30";

/** Asks a resource as an application does. */
async function ask(
  sandbox: FormRecognizerSandbox,
  name: string,
  method: string,
  path: string,
  body?: object,
) {
  const { url, keys } = sandbox.resource(name);
  const response = await fetch(`${url}/documentintelligence/${path}?api-version=${V4}`, {
    method,
    headers: { "Ocp-Apim-Subscription-Key": keys[0], "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
}

function withOptions(sources: readonly SourceSettings[], more: Record<string, object>): SourceSettings[] {
  return sources.map((source) => ({
    ...source,
    options: { ...source.options, ...more[source.name] } as SourceSettings["options"],
  }));
}

/** Names of the fields of all document types. */
function fieldsOf(model: Record<string, unknown>): string[] {
  const docTypes = Object.values(model["docTypes"] as Record<string, { fieldSchema: object }>);
  return docTypes.flatMap(({ fieldSchema }) => Object.keys(fieldSchema).sort());
}

function countsOf({ counts }: RestoreReport): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

it("models come back from the repository alone, and a second restore changes nothing", async () => {
  await using azurite = await startAzurite();
  const data = await azurite.container("invoices");
  await data.putAll(trainingSet());
  const repository = await newRepository();
  const dataSets = [{ name: "invoices", ...data.sasConfig() }];

  const before = await startFormRecognizer({ resources: [{ name: "east", region: "eastus" }] });
  const azureBlobSource = { containerUrl: `${data.url}?${data.sas()}` };
  const build = { modelId: "invoices", buildMode: "template", azureBlobSource, tags: { team: "ap" } };
  expect((await ask(before, "east", "POST", "documentModels:build", build)).status).toBe(202);
  const kept = (await ask(before, "east", "GET", "documentModels/invoices")).body;
  {
    const sources = withOptions(formSources(before, ["east"], V4), { east: { dataSets } });
    // The machine's clock: signatures for containers live by it.
    await using workspace = new Workspace(repository, sources);
    expect(await collect(backup(workspace, { select: ["east"] }))).toMatchObject([{ state: "committed" }]);
  }
  await before.close();
  await data.client.delete();

  const after = await startFormRecognizer({ resources: [{ name: "fresh", region: "northeurope" }] });
  const rebuilt = await azurite.container("rebuilt");
  const sources = [
    ...withOptions(formSources(after, ["fresh"], V4), { fresh: { retrainInto: rebuilt.keyConfig() } }),
    // The old one: known by name, reached by nobody.
    ...formSources(after, ["fresh"], V4).map((source) => ({ ...source, name: "east" })),
  ];
  await using workspace = new Workspace(repository, sources);
  expect(await collect(readiness(workspace, { select: "east" }))).toMatchObject([
    { key: "models/invoices", verdict: "degraded" },
  ]);
  const request = {
    task: "east/resource",
    scope: { prefix: "models/" },
    target: { source: "fresh" },
    settings: { retrain: true },
  };
  const preview = await restore(workspace, { ...request, apply: false });
  expect(countsOf(preview)).toEqual({ create: 1 });
  expect((await ask(after, "fresh", "GET", "documentModels/invoices")).status).toBe(404);

  const warnings: string[] = [];
  const report = await restore(
    workspace,
    { ...request, apply: true },
    { warn: (text) => warnings.push(text) },
  );
  expect(report.failures).toEqual([]);
  expect(countsOf(report)).toEqual({ create: 1 });
  expect(warnings.join("\n")).toMatch(/similar model, not the same/);
  const { body: made } = await ask(after, "fresh", "GET", "documentModels/invoices");
  expect(made).toMatchObject({ modelId: "invoices", tags: { team: "ap" } });
  expect(fieldsOf(made)).toEqual(Object.keys(LABELLED_FIELDS).sort());
  expect(fieldsOf(made)).toEqual(fieldsOf(kept));

  const { requests } = after;
  requests.reset();
  expect(countsOf(await restore(workspace, { ...request, apply: true }))).toEqual({ same: 1 });
  expect(requests.recent().filter(({ method }) => method === "POST")).toEqual([]);
  expect(await check(workspace, { readData: true })).toMatchObject({ ok: true, findings: [] });
  await after.close();
});
