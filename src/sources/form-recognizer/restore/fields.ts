/**
 * The fields that a model reads, compared between a kept model and the one that was trained in its place.
 */
import type { ModelDetails } from "../service/face.ts";

type Members = Readonly<Record<string, unknown>>;

/** For people; empty when both read the same fields. */
export function fieldDifferences(kept: ModelDetails, made: ModelDetails): string[] {
  const [was, is] = [fieldsOf(kept), fieldsOf(made)];
  const lost = [...was].filter((field) => !is.has(field)).sort();
  const added = [...is].filter((field) => !was.has(field)).sort();
  return [
    ...(lost.length === 0 ? [] : [`it does not read any more: ${lost.join(", ")}`]),
    ...(added.length === 0 ? [] : [`it reads besides: ${added.join(", ")}`]),
  ];
}

/** Names of fields; of a classifier its document types. */
function fieldsOf({ kind, body }: ModelDetails): Set<string> {
  const docTypes = membersOf(body["docTypes"]);
  if (kind === "classifiers") return new Set(Object.keys(docTypes));
  const schemas = Object.values(docTypes).map((docType) => membersOf(membersOf(docType)["fieldSchema"]));
  const results = [body["trainResult"], ...listOf(body["composedTrainResults"])];
  const names = results.flatMap((result) =>
    listOf(membersOf(result)["fields"]).map((field) => String(membersOf(field)["fieldName"])),
  );
  return new Set([...schemas.flatMap((schema) => Object.keys(schema)), ...names]);
}

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
