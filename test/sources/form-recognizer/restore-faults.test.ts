import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import type { ApiVersion } from "../../../src/sources/form-recognizer/config.ts";
import type { ModelRef } from "../../../src/sources/form-recognizer/keys.ts";
import type { IdMap } from "../../../src/sources/source.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import type { FakeService } from "./fake-service.ts";
import { RETRAIN_URL, Stand } from "./restore-stand.ts";

const RETRAIN = { settings: { retrain: true } } as const;
const FILES = ["a.pdf", "fields.json"].map((name) => ({ name, content: Buffer.from(name) }));

/** A stand with two kept models, trained from different files, and one that is composed of both. */
async function keptStand(apiVersion: ApiVersion): Promise<Stand> {
  const stand = new Stand();
  const { service } = stand.resource("home", apiVersion);
  const parts: string[] = [];
  for (const [at, name] of ["one", "two"].entries()) {
    const wanted = service.traits.choosesIds ? { name } : { id: name };
    const ref: ModelRef = { kind: "models", id: service.addModel(wanted) };
    parts.push(ref.id);
    const generation = String(at).repeat(64);
    stand.kept.keepTraining(ref, await stand.kept.keep(service, ref), FILES, { generation });
  }
  const wanted = service.traits.choosesIds ? { name: "all" } : { id: "all" };
  const content = service.traits.choosesIds
    ? { composedTrainResults: parts.map((modelId) => ({ modelId, fields: [] })) }
    : { docTypes: Object.fromEntries(parts.map((modelId) => [modelId, { modelId }])) };
  const composed = { ...wanted, content, composed: true, components: parts, buildMode: "composed" };
  await stand.kept.keep(service, { kind: "models", id: service.addModel(composed) });
  return stand;
}

/** How many trainings and compositions the service ever accepted. */
const accepted = (service: FakeService): number => service.begun.size;

const killed = (): Error => new Error("killed");
const silent = (): Error => new HoldfastError("source-unreachable", "no answer");
const unwritable = (): Error => new HoldfastError("storage-failed", "the disk is full");
const refused = (): Error =>
  new HoldfastError("source-protocol", "the answer could not be read", { status: 200 });

/** An id map whose n-th writing fails, or is the last thing that happens. */
class KilledIds implements IdMap {
  readonly ids = new MemoryIds();
  #left: number;
  readonly #when: "before" | "after";
  readonly #error: () => Error;

  constructor(left: number, when: "before" | "after", error: () => Error) {
    this.#left = left;
    this.#when = when;
    this.#error = error;
  }

  get(group: string, kept: string): string | undefined {
    return this.ids.get(group, kept);
  }

  all(): ReturnType<IdMap["all"]> {
    return this.ids.all();
  }

  async set(group: string, kept: string, target: string): Promise<void> {
    const last = --this.#left === 0;
    if (last && this.#when === "before") throw this.#error();
    await this.ids.set(group, kept, target);
    if (last) throw this.#error();
  }
}

async function expectWhole(stand: Stand, service: FakeService, what: string): Promise<void> {
  const states = [...service.models.values()].map(({ status }) => status);
  expect(states, what).toEqual(["ready", "ready", "ready"]);
  expect(accepted(service), what).toBe(3);
  expect(stand.container(RETRAIN_URL).names(), what).toHaveLength(2 * FILES.length);
}

describe.each(["v2.1", "2024-11-30"] as const)("a restore that trains again, %s", (apiVersion) => {
  for (const [words, error] of [
    ["is not answered", silent],
    ["is answered with what cannot be read", refused],
    ["is the last one before the process dies", killed],
  ] as const) {
    for (const when of ["before", "after"] as const) {
      it(`has each model once, trained once, though any request ${words}, ${when} the service has acted`, async () => {
        for (let n = 1; ; n++) {
          const stand = await keptStand(apiVersion);
          const { service, resource } = stand.resource("away", apiVersion);
          service.failAt(n, when, error);
          await stand.restore(resource, RETRAIN).catch(() => undefined);
          const reached = service.faults.calls.length >= n;
          const call = service.faults.calls[n - 1];
          service.failAt(0);
          await stand.restore(resource, RETRAIN);
          await expectWhole(stand, service, `request ${n}: ${call}`);
          if (!reached) break;
        }
      });
    }
  }

  it.each([
    ["before", "the process dies", killed],
    ["after", "the process dies", killed],
    ["before", "the repository fails", unwritable],
  ] as const)("has each model once though, %s any note, %s", async (when, _words, error) => {
    for (let n = 1; ; n++) {
      const stand = await keptStand(apiVersion);
      const { service, resource } = stand.resource("away", apiVersion);
      const ids = new KilledIds(n, when, error);
      const reached = await stand.restore(resource, { ...RETRAIN, ids }).then(
        () => false,
        () => true,
      );
      await stand.restore(resource, { ...RETRAIN, ids: ids.ids });
      await expectWhole(stand, service, `note ${n}`);
      if (!reached) break;
    }
  });

  it("has each model once though any request to the container fails", async () => {
    for (let n = 1; ; n++) {
      const stand = await keptStand(apiVersion);
      const { service, resource } = stand.resource("away", apiVersion);
      const container = stand.container(RETRAIN_URL);
      container.failAt = n;
      const first = await stand.restore(resource, RETRAIN).catch(() => undefined);
      await stand.restore(resource, RETRAIN);
      await expectWhole(stand, service, `request ${n}: ${container.calls[n - 1]}`);
      if (first !== undefined) break;
    }
  });
});
