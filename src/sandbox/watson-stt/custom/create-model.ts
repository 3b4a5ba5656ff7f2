/**
 * What a request to create a custom model must say, and the model that comes of it.
 */
import type { Exchange } from "../../watson/exchange.ts";
import { badRequest, missingParameter } from "../../watson/errors.ts";
import { newGuid } from "../../http/guid.ts";
import type { BaseModel } from "../base-models.ts";
import { dialectOf, offeredBaseModel } from "../base-models.ts";
import type { CustomModels } from "./custom-models.ts";
import type { ModelKind } from "./model.ts";

const CREATED = 201;
/** Characters. */
const MAX_NAME = 256;
const MAX_DESCRIPTION = 128;
const FORBIDDEN_IN_NAMES = /[\\/:=&?]/;

export async function createModel(exchange: Exchange, models: CustomModels, kind: ModelKind): Promise<void> {
  const body = await exchange.object();
  const name = requiredText(body, "name");
  const baseName = requiredText(body, "base_model_name");
  const description = optionalText(body, "description") ?? "";
  if (name.length > MAX_NAME || FORBIDDEN_IN_NAMES.test(name)) {
    throw badRequest(`Invalid value for custom model name '${name}'`);
  }
  if (description.length > MAX_DESCRIPTION) throw badRequest("Invalid value for custom model description");
  const base = baseModel(baseName, models, kind);
  const dialect = kind === "language" ? dialectFor(base, optionalText(body, "dialect")) : undefined;
  const { maxModels } = models.state.modes;
  if (models.store.count(exchange.instance, kind) >= maxModels) {
    throw badRequest(`The maximum number of ${maxModels} custom ${kind} models is reached`);
  }
  const id = newGuid();
  const created = models.now;
  models.store.add({
    id,
    instance: exchange.instance,
    kind,
    name,
    description,
    base: base.name,
    dialect,
    created,
    updated: created,
    status: "pending",
    progress: 0,
    error: undefined,
    versions: [`${base.name}.${base.version}`],
    trained: false,
    modified: false,
    training: undefined,
    operation: undefined,
  });
  exchange.json(CREATED, { customization_id: id });
}

function baseModel(name: string, models: CustomModels, kind: ModelKind): BaseModel {
  const base = offeredBaseModel(name, models.state.modes.pgModels);
  if (base === undefined) throw badRequest(`The base model '${name}' is not recognized`);
  if (kind === "language" ? base.languageModels : base.acousticModels) return base;
  throw badRequest(`custom ${kind} model is not a supported feature for model ${name}`);
}

function dialectFor(base: BaseModel, asked: string | undefined): string {
  const dialect = dialectOf(base);
  if (asked !== undefined && asked.toLowerCase() !== dialect.toLowerCase()) {
    throw badRequest(`The dialect '${asked}' is not valid for the base model '${base.name}'`);
  }
  return dialect;
}

function requiredText(body: Readonly<Record<string, unknown>>, name: string): string {
  const text = optionalText(body, name);
  if (text === undefined) throw missingParameter(name);
  if (text === "") throw badRequest(`Required parameter '${name}' cannot be empty string`);
  return text;
}

function optionalText(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (value === null) throw badRequest(`Required parameter '${name}' cannot be null`);
  if (typeof value !== "string") throw badRequest(`Invalid value for parameter '${name}'`);
  return value;
}
