/**
 * Item keys of the kind `form-recognizer`, all in the one collection `resource`:
 *
 *   models/ID                          a custom or composed model: its details as the service sent them
 *   classifiers/ID
 *   data/SET/BLOB                      a file of a data set as it is now: properties as part 0, content as a blob
 *   training/models/ID                 what a model was trained from: which data set, which generation of it, how sure (`TrainingNote`)
 *   training/models/ID/files/BLOB      each file of exactly that generation; also training/classifiers/ID/…
 *
 * Ids and data set names have no `/`; a blob's name is the rest of the key, whatever it holds.
 */
import { keyOf, keyText, type ItemKey } from "../../model/key.ts";

/** The one collection of a resource. */
export const COLLECTION = "resource";

export type ModelKind = "models" | "classifiers";

/** A model or classifier of one resource. */
export interface ModelRef {
  readonly kind: ModelKind;
  readonly id: string;
}

export type FormKey =
  | ({ readonly what: "model" } & ModelRef)
  | { readonly what: "data"; readonly set: string; readonly blob: string }
  | ({ readonly what: "training" } & ModelRef)
  | ({ readonly what: "training-file"; readonly blob: string } & ModelRef);

export function modelKey({ kind, id }: ModelRef): ItemKey {
  return keyOf(`${kind}/${id}`);
}

export function dataKey(set: string, blob: string): ItemKey {
  return keyOf(`data/${set}/${blob}`);
}

export function trainingKey({ kind, id }: ModelRef): ItemKey {
  return keyOf(`training/${kind}/${id}`);
}

/** `blob`: empty for the prefix of all of them. */
export function trainingFileKey({ kind, id }: ModelRef, blob: string): ItemKey {
  return keyOf(`training/${kind}/${id}/files/${blob}`);
}

/** Undefined for a key that is none of these. */
export function parseKey(key: ItemKey): FormKey | undefined {
  const text = keyText(key);
  const model = /^(models|classifiers)\/([^/]+)$/s.exec(text);
  if (model) return { what: "model", kind: model[1] as ModelKind, id: model[2] as string };
  const data = /^data\/([^/]+)\/(.+)$/s.exec(text);
  if (data) return { what: "data", set: data[1] as string, blob: data[2] as string };
  const training = /^training\/(models|classifiers)\/([^/]+)(?:\/files\/(.+))?$/s.exec(text);
  if (training === null) return undefined;
  const ref = { kind: training[1] as ModelKind, id: training[2] as string };
  const blob = training[3];
  return blob === undefined ? { what: "training", ...ref } : { what: "training-file", ...ref, blob };
}
