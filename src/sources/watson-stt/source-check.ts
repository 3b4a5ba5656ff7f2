/**
 * What the instance is and what may be done there, found out without changing anything.
 */
import type { SourceCheck } from "../source.ts";
import { attempt, type Ability } from "../ability.ts";
import type { WatsonClient } from "../watson/client.ts";

/** The only version of the API there is. */
const API_VERSION = "v1";

/** Listings by which each collection shows whether it can be read. */
const LISTINGS = [
  ["list language models", "/v1/customizations", "customizations", "backing language models up"],
  [
    "list acoustic models",
    "/v1/acoustic_customizations",
    "customizations",
    "backing acoustic models up, where the service still has them",
  ],
  ["list recognition jobs", "/v1/recognitions", "recognitions", "backing jobs and their results up"],
] as const;

export async function checkStt(client: WatsonClient, signal: AbortSignal): Promise<SourceCheck> {
  const { auth } = client.config;
  const offered = await client.listRaw("/v1/models", "models", { purpose: "list the base models" }, signal);
  const customisable = offered.filter((element) => isCustomisable(element)).length;
  const abilities: Ability[] = [];
  for (const [name, path, member, use] of LISTINGS) {
    abilities.push(await attempt(name, use, () => client.listRaw(path, member, { purpose: name }, signal)));
  }
  abilities.push({
    name: "create language models",
    ok: customisable > 0,
    detail: `restoring language models, on ${customisable} of ${offered.length} base models; that the plan allows it shows only then`,
  });
  return {
    service: "Watson Speech to Text",
    version: API_VERSION,
    user: auth.kind === "cp4d" ? auth.username : "",
    abilities,
  };
}

/** Whether the service answers the listing of acoustic models: without the previous generation it may have none. */
export async function hasAcousticModels(client: WatsonClient, signal: AbortSignal): Promise<boolean> {
  const [, listing] = LISTINGS;
  const [name, path, member, use] = listing;
  return (await attempt(name, use, () => client.listRaw(path, member, { purpose: name }, signal))).ok;
}

function isCustomisable(element: Buffer): boolean {
  const { supported_features: features } = JSON.parse(element.toString("utf8")) as {
    readonly supported_features?: { readonly custom_language_model?: unknown };
  };
  return features?.custom_language_model === true;
}
