/**
 * The calls of jobs: create, list, check, delete.
 */
import type { Exchange } from "../../watson/exchange.ts";
import type { Route } from "../../watson/routes.ts";
import { route } from "../../watson/routes.ts";
import { AudioIntake } from "./audio-intake.ts";
import type { RecognitionJobs } from "./recognition-jobs.ts";

/** Most audio of a job, bytes (1 GB). */
const MAX_JOB_AUDIO_BYTES = 2 ** 30;
const OK = 200;
const CREATED = 201;
const NO_CONTENT = 204;

export function jobEndpoints(jobs: RecognitionJobs): Route[] {
  return [
    route("POST", "/v1/recognitions", (exchange) => create(exchange, jobs)),
    route("GET", "/v1/recognitions", (exchange) => {
      exchange.json(OK, { recognitions: jobs.list(exchange.instance) });
    }),
    route("GET", "/v1/recognitions/{id}", (exchange, { id }) => {
      exchange.json(OK, jobs.check(exchange.instance, id));
    }),
    route("DELETE", "/v1/recognitions/{id}", (exchange, { id }) => {
      jobs.remove(exchange.instance, id);
      exchange.empty(NO_CONTENT);
    }),
  ];
}

async function create(exchange: Exchange, jobs: RecognitionJobs): Promise<void> {
  const { id, created, warnings } = await jobs.create({
    instance: exchange.instance,
    parameters: new Map(exchange.query),
    customer: exchange.customerId,
    audio: new AudioIntake(exchange, MAX_JOB_AUDIO_BYTES),
  });
  exchange.json(CREATED, {
    id,
    created,
    url: `${exchange.serviceUrl}/v1/recognitions/${id}`,
    status: "waiting",
    ...(warnings.length === 0 ? {} : { warnings }),
  });
}
