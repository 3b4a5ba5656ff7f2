/**
 * Making a model in the target, once: it is made under a temporary name that tells which kept model it is for, and recorded before anything
 * else happens. A creation whose answer was lost is looked for under that name before it is tried again.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import { backoffDelay, pause } from "../../http/backoff.ts";
import { descriptionOf, parseModel, type TtsModel } from "../elements.ts";
import type { TtsService } from "../service.ts";
import { MODEL_GROUP, temporaryName } from "../target.ts";
import { refusedBecause, type TtsRestore } from "./run.ts";

/** The new model's id, or why there can be none. */
export type Made = { readonly id: string } | { readonly refused: string };

export async function makeModel(run: TtsRestore, kept: TtsModel): Promise<Made> {
  const made = await createOnce(run, kept);
  if ("id" in made) await adopt(run, kept.customization_id, made.id);
  return made;
}

async function createOnce({ service, context }: TtsRestore, kept: TtsModel): Promise<Made> {
  const name = temporaryName(kept.customization_id);
  const description = descriptionOf(kept);
  const model = {
    name,
    language: kept.language,
    description: description === "" ? undefined : description,
  };
  const { retry } = service.client.http;
  for (let attempt = 1; ; attempt++) {
    try {
      return { id: await service.createModel(model, context.signal) };
    } catch (error) {
      const refused = refusedBecause(error);
      if (refused !== undefined) return { refused };
      // The service may have made it all the same: only its listing tells.
      if (!isHoldfastError(error, "source-unreachable")) throw error;
      await pause(backoffDelay(retry, attempt, undefined), context.signal);
      const id = await findByName(service, name, context.signal);
      if (id !== undefined) return { id };
      if (attempt >= retry.attempts) throw error;
    }
  }
}

/** The target's model stands for the kept one from now on, whatever happens. */
export async function adopt(run: TtsRestore, kept: string, id: string): Promise<void> {
  await run.request.ids?.set(MODEL_GROUP, kept, id);
  if (run.target.models.has(id)) return;
  for (const element of await run.service.models(run.context.signal)) {
    if (parseModel(element).customization_id === id) run.target.add(element);
  }
}

async function findByName(
  service: TtsService,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const models = await service.models(signal);
  return models.map(parseModel).find((model) => model.name === name)?.customization_id;
}

/** Why no model of this language can be made in the target; undefined when it can. */
export async function languageRefused(run: TtsRestore, language: string): Promise<string | undefined> {
  const languages = await run.target.languages(run.service, run.context.signal);
  // A target that names no voices tells nothing: it will refuse by itself.
  if (languages.size === 0 || languages.has(language)) return undefined;
  return (
    `the target has no voice that speaks ${language}: the language was withdrawn or is not installed there; ` +
    `what is kept stays readable and can be exported`
  );
}
