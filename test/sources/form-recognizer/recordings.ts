/**
 * Models out of the recorded traffic: each answer that shows one whole, and each result of an operation.
 */
import { readFileSync } from "node:fs";

type Members = Readonly<Record<string, unknown>>;

function* objectsIn(value: unknown): Generator<Members> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Members;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

function idOf(body: Members): unknown {
  const info = body["modelInfo"] as Members | undefined;
  return info === undefined ? body["modelId"] : info["modelId"];
}

/** The newest and fullest picture of the model in a recording. */
export function recordedModel(recording: string, id: string): Members {
  const text = readFileSync(new URL(`../../vectors/azure/${recording}.json`, import.meta.url), "utf8");
  const found = [...objectsIn(JSON.parse(text))].filter(
    (body) =>
      idOf(body) === id && ("docTypes" in body || "trainResult" in body || "composedTrainResults" in body),
  );
  const model = found.at(-1);
  if (model === undefined) throw new Error(`${recording} shows no model ${id}`);
  return model;
}
