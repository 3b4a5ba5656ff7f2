/**
 * Training in v2.x: accepted at once, done later, and a failure is a model in status `invalid`.
 */
import { plainError } from "../errors.ts";
import type { FormExchange } from "../exchange.ts";
import type { FormState } from "../state.ts";
import { wireTime } from "../state.ts";
import type { TrainingError, TrainingOutcome, TrainingRequest } from "../training/training-set.ts";
import { trainFrom } from "../training/training-set.ts";
import { putNewModel, nameIn } from "./new-model.ts";
import type { V2Version } from "./views.ts";

const JOB = "v2-train";
const MAX_SOURCE = 2048;
/** What a training without labels can claim to have found. */
const KEYS = [
  "Address:",
  "Charges",
  "Date:",
  "Invoice Number",
  "Name:",
  "Page",
  "Quantity",
  "Total",
  "VAT ID",
];

interface Training {
  readonly resource: string;
  readonly id: string;
  readonly request: TrainingRequest;
  readonly failure?: TrainingError;
}

/** Returns the id of the model that is being made. Throws 400 for a body that asks for no training. */
export async function acceptTraining(
  exchange: FormExchange,
  state: FormState,
  version: V2Version,
): Promise<string> {
  const body = await exchange.object();
  const { source } = body;
  if (typeof source !== "string" || source === "" || source.length > MAX_SOURCE) {
    throw plainError(400, "1003", `Field 'Source' must be a text of 1 to ${MAX_SOURCE} characters.`);
  }
  const filter = (body["sourceFilter"] ?? {}) as { prefix?: unknown; includeSubFolders?: unknown };
  const labels = body["useLabelFile"] === true;
  const model = putNewModel(exchange, state, {
    ...(version === "v2.1" ? nameIn(body) : {}),
    apiVersion: version,
    buildMode: labels ? "labelled" : "unlabelled",
    composed: false,
  });
  const request: TrainingRequest = {
    container: source,
    prefix: typeof filter.prefix === "string" ? filter.prefix : "",
    subFolders: filter.includeSubFolders === true,
    labels,
  };
  const fails = exchange.formFault("fails");
  if (exchange.formFault("stuck") === undefined) {
    const job: Training = {
      resource: model.resource,
      id: model.id,
      request,
      ...(fails === undefined ? {} : { failure: { code: fails.code, message: fails.message } }),
    };
    state.jobs.add(state.clock.now() + state.delays.buildMs, JOB, job);
  }
  return model.id;
}

/** Says how a training ends. */
export function trainingJobs(state: FormState): void {
  state.jobs.handle(JOB, async (payload, due) => {
    const { resource, id, request, failure } = payload as Training;
    const outcome: TrainingOutcome =
      failure === undefined
        ? await trainFrom(state.containers, request)
        : { documents: [], fields: [], errors: [failure] };
    const model = state.models.find(resource, "models", id);
    // Deleted meanwhile: nothing is made.
    if (model === undefined) return;
    const isGood = outcome.errors.length === 0;
    state.models.put({
      ...model,
      status: isGood ? "ready" : "invalid",
      modified: wireTime(due),
      content: {
        ...(request.labels ? {} : { keys: { clusters: isGood ? clustersOf(outcome) : {} } }),
        trainResult: trainResultOf(outcome, request.labels),
      },
    });
  });
}

function trainResultOf(
  { documents, fields, errors }: TrainingOutcome,
  labels: boolean,
): Record<string, unknown> {
  const average = fields.reduce((sum, { accuracy }) => sum + accuracy, 0) / Math.max(1, fields.length);
  return {
    ...(labels && errors.length === 0 ? { averageModelAccuracy: Math.round(average * 100) / 100 } : {}),
    trainingDocuments: documents.map((document) => ({
      documentName: document.name,
      pages: document.pages,
      status: document.status,
      ...(document.errors.length === 0 ? {} : { errors: document.errors }),
    })),
    ...(labels && errors.length === 0
      ? { fields: fields.map(({ name, accuracy }) => ({ fieldName: name, accuracy })) }
      : {}),
    errors,
  };
}

/** Keys that a training without labels claims to have found: more documents, more keys. */
function clustersOf({ documents }: TrainingOutcome): Readonly<Record<string, readonly string[]>> {
  return { "0": KEYS.slice(0, Math.min(KEYS.length, documents.length)) };
}
