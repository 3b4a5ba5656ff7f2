/**
 * A custom model, of language or acoustics, as the service lists it.
 */
import type { CapturedVersion } from "../../model/version.ts";
import { modelKey } from "../watson/keys.ts";
import { listedVersion } from "../watson/listed-versions.ts";
import { wasTrained } from "./model-status.ts";
import { entryOf, required, text, texts } from "./listing-entry.ts";

export interface CustomModel {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly baseModel: string;
  readonly dialect: string;
  readonly language: string;
  readonly status: string;
  readonly created: string;
  /** Empty on installations older than June 2019. */
  readonly updated: string;
  readonly versions: readonly string[];
  readonly error: string;
  readonly raw: Buffer;
}

/** Errors: `source-protocol`. */
export function customModelOf(raw: Buffer): CustomModel {
  const entry = entryOf(raw);
  return {
    id: required(entry, "customization_id"),
    name: text(entry["name"]),
    description: text(entry["description"]),
    baseModel: text(entry["base_model_name"]),
    dialect: text(entry["dialect"]),
    language: text(entry["language"]),
    status: text(entry["status"]),
    created: text(entry["created"]),
    updated: text(entry["updated"]),
    versions: texts(entry["versions"]),
    error: text(entry["error"]),
    raw,
  };
}

/** Members that the service moves by itself: part of the body and not of the state; `warnings` are about the request. */
const BOOKKEEPING = ["created", "updated", "progress", "warnings"];

/** The model's own item. */
export function modelItem(model: CustomModel): CapturedVersion {
  return listedVersion(modelKey(model), model.raw, { without: BOOKKEEPING, revision: model.updated });
}

/** What differs of the model itself; empty when nothing does. */
export function metadataDifference(kept: CustomModel, present: CustomModel): string {
  const differing = (
    [
      ["name", kept.name, present.name],
      ["description", kept.description, present.description],
      ["base model", kept.baseModel, present.baseModel],
      ["dialect", kept.dialect.toLowerCase(), present.dialect.toLowerCase()],
      ["trained", wasTrained(kept.status), wasTrained(present.status)],
      ["error", kept.error, present.error],
    ] as const
  ).filter(([, then, now]) => then !== now);
  return differing.map(([what, then, now]) => `${what}: "${now}", was "${then}"`).join("; ");
}
