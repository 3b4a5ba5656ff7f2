/**
 * Builds of models and classifiers: accepted at once, done later, and a failure is a failed operation that leaves nothing behind.
 */
import type { Millis } from "../../../model/clock.ts";
import type { ErrorBody } from "../errors.ts";
import type { FormRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import type { StoredModel } from "../stored.ts";
import type { TrainingError, TrainingOutcome } from "../training/training-set.ts";
import { trainFrom } from "../training/training-set.ts";
import type { V3Call } from "./call.ts";
import { isAtLeast, v3Route } from "./call.ts";
import type { ContentSource } from "./content-source.ts";
import { contentSourceIn, trainingRequestOf } from "./content-source.ts";
import { invalidParameter, neuralLimit, parameterMissing, trainingFailure } from "./errors.ts";
import { NEURAL_QUOTA, neuralBuilds } from "./info.ts";
import type { NewModel } from "./new-model.ts";
import { checkFree, checkLimit, madeModel, newModelIn, pendingModel } from "./new-model.ts";
import { beginOperation, sendBegun } from "./operation-routes.ts";
import { schedule } from "./operation-steps.ts";

const JOB = "v3-build";

const READ_FAILURE: TrainingError = { code: "2001", message: "Invalid path." };

type Body = Readonly<Record<string, unknown>>;

interface Build {
  readonly operation: string;
  readonly pending: StoredModel;
  /** By document type; of a model: one, without a name. */
  readonly sources: Readonly<Record<string, ContentSource>>;
  readonly fails?: TrainingError;
}

export function buildRoutes(state: FormState): readonly FormRoute[] {
  return [
    ...v3Route(state, ["POST", "documentModels:build", "2022-08-31"], async (call) => {
      const body = await call.exchange.object();
      const wanted = newModelIn("models", body);
      const mode = body["buildMode"];
      if (mode === undefined || mode === null) throw parameterMissing("buildMode");
      if (mode !== "template" && mode !== "neural") {
        throw invalidParameter("buildMode", "It must be template or neural.");
      }
      const sources = { "": contentSourceIn(body) };
      if (mode === "neural" && neuralBuilds(state, call.resource, call.now) >= NEURAL_QUOTA) {
        throw neuralLimit(NEURAL_QUOTA);
      }
      accept(call, body, { wanted, sources, buildMode: mode });
    }),
    ...v3Route(state, ["POST", "documentClassifiers:build", "2023-07-31"], async (call) => {
      const body = await call.exchange.object();
      const wanted = newModelIn("classifiers", body);
      const types = Object.entries((body["docTypes"] ?? {}) as Readonly<Record<string, Body>>);
      if (types.length === 0) throw parameterMissing("docTypes");
      const sources = Object.fromEntries(types.map(([name, type]) => [name, contentSourceIn(type)]));
      accept(call, body, { wanted, sources, buildMode: "classifier" });
    }),
  ];
}

/** Says how builds end. */
export function buildJobs(state: FormState): void {
  state.jobs.handle(JOB, async (payload, due) => {
    const build = payload as Build;
    const { resource, kind, id } = build.pending;
    const outcomes = await trainAll(state, build);
    const before = state.models.find(resource, kind, id);
    const error = outcomes.flatMap(([, outcome]) => outcome.errors)[0];
    if (error !== undefined) {
      if (before?.status === "creating") state.models.remove(resource, kind, id);
      finish(state, build, due, { error: failureOf(error) });
      return;
    }
    const content = kind === "models" ? modelContent(build, outcomes) : classifierContent(build);
    const made = madeModel(build.pending, content, due, before?.status === "ready" ? before : undefined);
    state.models.put(made);
    finish(state, build, due, { result: made });
  });
}

function accept(
  call: V3Call,
  body: Body,
  {
    wanted,
    sources,
    buildMode,
  }: { readonly wanted: NewModel; readonly sources: Build["sources"]; readonly buildMode: string },
): void {
  const { state, exchange, resource } = call;
  const existing = state.models.find(resource.name, wanted.kind, wanted.id);
  const overwrites =
    body["allowOverwrite"] === true && isAtLeast(call.version, "2024-11-30") && existing?.status === "ready";
  if (!overwrites) checkFree(call, wanted);
  if (wanted.kind === "models" && !overwrites) checkLimit(call);
  const pending = pendingModel(call, wanted, buildMode);
  // What is written over stays usable until then.
  if (!overwrites) state.models.put(pending);
  const isModel = wanted.kind === "models";
  const operation = beginOperation(call, {
    kind: isModel ? "documentModelBuild" : "documentClassifierBuild",
    targetId: wanted.id,
    resourceLocation: call.link(`${isModel ? "documentModels" : "documentClassifiers"}/${wanted.id}`),
    tags: wanted.tags,
  });
  const fails = exchange.formFault("fails");
  const build: Build = {
    operation,
    pending,
    sources,
    ...(fails === undefined ? {} : { fails: { code: fails.code, message: fails.message } }),
  };
  schedule(call, operation, JOB, build);
  sendBegun(call, operation);
}

async function trainAll(state: FormState, build: Build): Promise<readonly [string, TrainingOutcome][]> {
  const outcomes: [string, TrainingOutcome][] = [];
  for (const [name, source] of Object.entries(build.sources)) {
    const request = await trainingRequestOf(state, source, build.pending.kind === "models");
    const failure = build.fails ?? (request === undefined ? READ_FAILURE : undefined);
    outcomes.push([
      name,
      request === undefined || failure !== undefined
        ? { documents: [], fields: [], errors: failure === undefined ? [] : [failure] }
        : await trainFrom(state.containers, request),
    ]);
  }
  return outcomes;
}

function modelContent(
  { pending, sources }: Build,
  outcomes: readonly [string, TrainingOutcome][],
): StoredModel["content"] {
  const fields = outcomes.flatMap(([, outcome]) => outcome.fields);
  const docType = {
    fieldSchema: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
    buildMode: pending.buildMode,
    fieldConfidence: Object.fromEntries(fields.map(({ name, accuracy }) => [name, accuracy])),
  };
  return { docTypes: { [pending.id]: docType }, ...sources[""]?.shown };
}

function classifierContent({ sources }: Build): StoredModel["content"] {
  const docTypes = Object.entries(sources).map(([name, { shown }]) => {
    const kind = "azureBlobSource" in shown ? "azureBlob" : "azureBlobFileList";
    return [name, { kind, ...shown }];
  });
  return { docTypes: Object.fromEntries(docTypes) };
}

/** The codes of v2.x, which the training has, in the words of later versions. */
function failureOf({ code, message }: TrainingError): ErrorBody {
  switch (code) {
    case "2001":
      return trainingFailure("ContentSourceNotAccessible", `Content is not accessible: ${message}`);
    case "2014":
      return trainingFailure("TrainingContentMissing", `Training data is missing: ${message}`);
    default:
      return /^\d+$/.test(code)
        ? trainingFailure("ModelBuildError", `Could not build the model: ${message}`)
        : { code, message };
  }
}

function finish(
  state: FormState,
  { operation, pending }: Build,
  due: Millis,
  end: { readonly error: ErrorBody } | { readonly result: StoredModel },
): void {
  const found = state.operations.find(pending.resource, operation);
  if (found === undefined) return;
  const status = "error" in end ? "failed" : "succeeded";
  state.operations.put({ ...found, ...end, status, updated: due });
}
