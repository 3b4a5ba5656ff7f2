/**
 * What the resource is and what may be done there, found out without changing anything: a copy is never authorised for it, because every authorisation
 * leaves a placeholder or a burnt name behind.
 */
import { errorText, HoldfastError } from "../../model/errors.ts";
import { attempt, type Ability } from "../ability.ts";
import type { SourceCheck, SourceContext } from "../source.ts";
import type { DataSetConfig, FormConfig } from "./config.ts";
import { openContainer } from "./data/container.ts";
import type { ModelKind } from "./keys.ts";
import type { FormResource } from "./resource.ts";
import type { FormService, ListedModel } from "./service/face.ts";
import { shortRegion, targetPlace } from "./service/target-place.ts";

/** Errors: `source-unauthorized`, `source-unreachable`, … when the service cannot be used at all. */
export async function checkFormSource(
  { config, service, clock }: FormResource,
  { signal }: SourceContext,
): Promise<SourceCheck> {
  const { apiVersion, traits } = service;
  const room = await service.room(signal);
  const abilities: Ability[] = [
    {
      name: "make models",
      ok: room.count < room.limit,
      detail: `room for copies and retraining: ${room.count} of ${room.limit} models`,
    },
    ...(await readAbilities(service, "models", signal)),
    ...(traits.classifiers ? await readAbilities(service, "classifiers", signal) : []),
    sourceOfCopies(service),
    targetOfCopies(config, service),
  ];
  for (const set of config.dataSets ?? []) {
    abilities.push(await readDataSet(set, () => openContainer(set, clock), signal));
  }
  if (config.retrainInto !== undefined) {
    abilities.push({
      name: "write training data",
      ok: true,
      detail: "retraining: configured, not tried, because it would write",
    });
  }
  return {
    service: apiVersion === "2024-11-30" ? "Azure Document Intelligence" : "Azure Form Recognizer",
    version: service.region === undefined ? apiVersion : `${apiVersion} (${service.region})`,
    user: callerOf(config),
    abilities,
  };
}

/** One page of the list, and one entry of it read whole. */
async function readAbilities(service: FormService, kind: ModelKind, signal: AbortSignal): Promise<Ability[]> {
  let first: ListedModel | undefined;
  const list = await attempt(`list ${kind}`, `backing ${kind} up`, async () => {
    for await (const batch of service.list([kind], signal)) {
      first = batch[0];
      break;
    }
  });
  const name = `read ${kind}`;
  if (first === undefined) return [list, { name, ok: list.ok, detail: "nothing there to try it with" }];
  const ref = first;
  return [list, await attempt(name, "their metadata", () => service.details(ref, signal))];
}

function sourceOfCopies({ traits }: FormService): Ability {
  const what =
    traits.classifiers && !traits.classifierCopies
      ? "models only: this version cannot copy classifiers, they are built again"
      : "whatever can be read";
  return {
    name: "copy from here",
    ok: true,
    detail: `${what}; not tried, because it would use an authorisation up`,
  };
}

/** Whether copies can be received, as far as that can be known beforehand. */
function targetOfCopies(config: FormConfig, service: FormService): Ability {
  const name = "copy to here";
  const seen = service.region;
  if (seen !== undefined && config.region !== undefined && shortRegion(seen) !== config.region) {
    return {
      name,
      ok: false,
      detail: `receiving copies: the source says region ${config.region}, the service says ${seen}; with a wrong region every copy fails with an AuthorizationError`,
    };
  }
  if (service.traits.choosesIds) {
    try {
      targetPlace(config, service.endpoint);
    } catch (error) {
      return { name, ok: false, detail: `receiving copies: ${errorText(error)}` };
    }
  }
  return { name, ok: true, detail: "receiving copies; not tried, because every authorisation leaves litter" };
}

/** A container that cannot be read says nothing against the resource. */
async function readDataSet(
  { name, prefix }: DataSetConfig,
  open: () => ReturnType<typeof openContainer>,
  signal: AbortSignal,
): Promise<Ability> {
  const ability = `read data set ${name}`;
  try {
    await using container = open();
    for await (const _page of container.list(prefix ?? "", signal)) break;
    return { name: ability, ok: true, detail: "backing training data up" };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HoldfastError)) throw error;
    return { name: ability, ok: false, detail: `backing training data up: ${error.message}` };
  }
}

/** Who the service takes the caller for; keys have no names. */
function callerOf({ auth }: FormConfig): string {
  switch (auth.kind) {
    case "key":
      return "holder of a key";
    case "bearer":
      return "holder of a token";
    case "entra":
      return `application ${auth.clientId}`;
  }
}
