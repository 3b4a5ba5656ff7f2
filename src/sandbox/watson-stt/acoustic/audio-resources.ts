/**
 * Audio resources: taken in, analysed, shown once the analysis is over. Several different ones may be on their way at the same time.
 */
import { Readable } from "node:stream";

import { badRequest } from "../../watson/errors.ts";
import type { Exchange } from "../../watson/exchange.ts";
import type { Route } from "../../watson/routes.ts";
import { route } from "../../watson/routes.ts";
import { transaction } from "../../http/storage.ts";
import type { Analysis, AnalysedAudio } from "../audio/analyse.ts";
import { analyse } from "../audio/analyse.ts";
import { audioType, containedType } from "../audio/audio-type.ts";
import type { BaseModel } from "../base-models.ts";
import { knownBaseModel } from "../base-models.ts";
import type { CustomModels } from "../custom/custom-models.ts";
import { locked } from "../custom/custom-models.ts";
import type { CustomModel } from "../custom/model.ts";
import { flag } from "../custom/queries.ts";
import type { Resource } from "../custom/resource-store.ts";
import { takeIn } from "../custom/taking-in.ts";
import { unknownResource } from "../language/resource-name.ts";

const OK = 200;
const CREATED = 201;
const PATH = "/v1/acoustic_customizations/{id}/audio";
/** Largest resource, bytes (100 MB). */
const MAX_AUDIO_BYTES = 100 * 2 ** 20;
/** Characters. */
const MAX_NAME = 128;
const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3600;
const MINUTE_DIGITS = 2;

export function audioResources(models: CustomModels): Route[] {
  return [
    route("GET", PATH, (exchange, { id }) => {
      const model = models.open(exchange.instance, "acoustic", id);
      const found = models.resources.list(model.id, "audio");
      exchange.json(OK, {
        total_minutes_of_audio: Number(
          (validSeconds(models, model) / SECONDS_PER_MINUTE).toFixed(MINUTE_DIGITS),
        ),
        audio: found.map((resource) => audioObject(resource, models.now)),
      });
    }),
    route("POST", `${PATH}/{name}`, async (exchange, { id, name }) => {
      await addAudio(exchange, models, id, name);
    }),
    route("GET", `${PATH}/{name}`, (exchange, { id, name }) => {
      const model = models.open(exchange.instance, "acoustic", id);
      const resource = existing(models, model, name);
      const { members } = resource.facts as Analysis;
      const object = audioObject(resource, models.now);
      if (members === undefined) exchange.json(OK, object);
      else exchange.json(OK, { container: object, audio: resource.ends <= models.now ? members : [] });
    }),
    route("DELETE", `${PATH}/{name}`, (exchange, { id, name }) => {
      const model = openUnlessTraining(models, exchange, id);
      const resource = existing(models, model, name);
      if (resource.ends > models.now) throw locked(id);
      transaction(models.state.sqlite, () => {
        models.forgetResource(model, "audio", name);
        if (model.operation === undefined) models.changed(model);
      });
      exchange.json(OK, {});
    }),
  ];
}

/** Of audio that can be used, as it counts now. */
export function validSeconds(models: CustomModels, model: CustomModel): number {
  return models.resources
    .list(model.id, "audio")
    .filter(({ valid, ends }) => valid && ends <= models.now)
    .reduce((sum, { facts }) => sum + (facts as Analysis).resource.duration, 0);
}

/** Whether the model holds more than it may, and could not be trained. */
export function exceedsHours(models: CustomModels, seconds: number): boolean {
  const { acousticMaxHours, acousticScale } = models.state.modes;
  return seconds * acousticScale > acousticMaxHours * SECONDS_PER_HOUR;
}

async function addAudio(exchange: Exchange, models: CustomModels, id: string, name: string): Promise<void> {
  const { state } = models;
  const allowOverwrite = flag(exchange, "allow_overwrite", false);
  const open = (): CustomModel => {
    const opened = openUnlessTraining(models, exchange, id);
    checkName(models, opened, name, allowOverwrite);
    return opened;
  };
  const { id: modelId, base } = open();
  const rate = (knownBaseModel(base) as BaseModel).rate;
  const contentType = exchange.header("content-type");
  const type = audioType(contentType);
  const contained = containedType(exchange.header("contained-content-type"), type);
  const label = {
    instance: exchange.instance,
    name: `acoustic_customizations/${modelId}/audio/${name}`,
    contentType,
  };
  await takeIn(state.uploads, label, exchange.bodyChunks(MAX_AUDIO_BYTES), async (upload) => {
    if (upload.bytes === 0) throw badRequest("Audio file not specified or empty");
    const content = Readable.from(state.uploads.chunks(upload.id), { objectMode: false });
    const facts = await analyse(content, { name, type, contained, rate });
    // Others may have been here while the audio was on its way.
    commit(models, open(), { name, customer: exchange.customerId, upload: upload.id }, facts);
  });
  exchange.json(CREATED, {});
}

function commit(
  models: CustomModels,
  model: CustomModel,
  added: Pick<Resource, "name" | "customer" | "upload">,
  facts: Analysis,
): void {
  const { state } = models;
  if (exceedsHours(models, validSeconds(models, model))) {
    throw badRequest(`The custom model already has more than ${state.modes.acousticMaxHours} hours of audio`);
  }
  const ends = models.now + state.delays.audio;
  transaction(state.sqlite, () => {
    models.forgetResource(model, "audio", added.name);
    models.resources.put(model.id, {
      ...added,
      kind: "audio",
      ends,
      valid: facts.resource.status === "ok",
      facts,
    });
    const last = Math.max(ends, model.operation?.ends ?? 0);
    models.start(model, { kind: "analysis", of: "audio", ends: last });
  });
}

/** The analysis of audio locks out trainings and the like, not other audio. */
function openUnlessTraining(models: CustomModels, exchange: Exchange, id: string): CustomModel {
  const model = models.open(exchange.instance, "acoustic", id);
  if (model.operation !== undefined && model.operation.kind !== "analysis") throw locked(id);
  return model;
}

function checkName(models: CustomModels, model: CustomModel, name: string, allowOverwrite: boolean): void {
  if (name.length > MAX_NAME) throw unknownResource("audio", name);
  const resource = models.resources.find(model.id, "audio", name);
  if (resource === undefined) return;
  if (resource.ends > models.now) throw locked(model.id);
  if (!allowOverwrite) {
    throw badRequest(
      `Audio '${name}' already exists - change its name, remove existing file before adding new one, or overwrite existing file by setting 'allow_overwrite' to 'true'`,
    );
  }
}

function existing(models: CustomModels, model: CustomModel, name: string): Resource {
  const resource = models.resources.find(model.id, "audio", name);
  if (resource === undefined) throw unknownResource("audio", name);
  return resource;
}

function audioObject(resource: Resource, now: number): AnalysedAudio | Readonly<Record<string, unknown>> {
  if (now < resource.ends) {
    return { duration: 0, name: resource.name, details: {}, status: "being_processed" };
  }
  return (resource.facts as Analysis).resource;
}
