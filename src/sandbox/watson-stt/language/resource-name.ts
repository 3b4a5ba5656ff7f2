/**
 * Names of corpora and grammars. Both share one name space within a model.
 */
import { badRequest } from "../../watson/errors.ts";
import type { CustomModels } from "../custom/custom-models.ts";
import type { CustomModel } from "../custom/model.ts";

/** Characters. */
const MAX_NAME = 128;
const RESERVED = new Set(["user", "base_lm", "default_lm"]);

/**
 * Throws 400 for a name that may not be given, and for one that is taken: by the other kind in any case, by the same kind unless it may be
 * overwritten.
 */
export function checkName(
  models: CustomModels,
  model: CustomModel,
  kind: "corpus" | "grammar",
  name: string,
  allowOverwrite: boolean,
): void {
  if (name.length > MAX_NAME || RESERVED.has(name)) throw unknownResource(kind, name);
  const other = kind === "corpus" ? "grammar" : "corpus";
  const label = kind === "corpus" ? "Corpus" : "Grammar";
  if (models.resources.find(model.id, other, name) !== undefined) {
    throw badRequest(`${label} name '${name}' is already used by a ${other} of the same custom model`);
  }
  if (!allowOverwrite && models.resources.find(model.id, kind, name) !== undefined) {
    throw badRequest(
      `${label} '${name}' already exists - change its name, remove existing file before adding new one, or overwrite existing file by setting 'allow_overwrite' to 'true'`,
    );
  }
}

export function unknownResource(kind: "corpus" | "grammar" | "audio", name: string): Error {
  return badRequest(`Invalid value for ${kind} name '${name}'`);
}
