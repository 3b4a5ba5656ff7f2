/**
 * A stand-in for Azure Form Recognizer and Document Intelligence: any number of resources in one process, each on a port of its own, with
 * the management of models and classifiers in the versions v2.0, v2.1, 2022-08-31, 2023-07-31 and 2024-11-30, and copies that really move a
 * model from one resource into another. See docs/form-recognizer-stand-ins.md for what it covers and what it does not.
 */
import type { Millis } from "../../model/clock.ts";
import { ManualClock, RealClock } from "../http/clock.ts";
import type { TlsIdentity } from "../http/http-server.ts";
import type { RequestLog } from "../http/request-log.ts";
import { openStorage } from "../http/storage.ts";
import type { ResourceView } from "./admin.ts";
import { resourceView } from "./admin.ts";
import type { Faults } from "./faults.ts";
import { Jobs } from "./jobs.ts";
import type { ModelOptions } from "./make-model.ts";
import { modelFrom } from "./make-model.ts";
import { ModelStore } from "./model-store.ts";
import type { FormModes } from "./modes.ts";
import { modesFrom } from "./modes.ts";
import { OperationStore } from "./operation-store.ts";
import { Resources } from "./resources.ts";
import type { ResourceServer } from "./server.ts";
import { FormStand } from "./stand.ts";
import type { FormDelays, FormState } from "./state.ts";
import type { ResourceOptions, StoredModel, StoredOperation } from "./stored.ts";
import { TicketStore } from "./ticket-store.ts";
import { containerMap } from "./training/container.ts";

export type { Fault, FaultAction, FaultKind, FaultMatch } from "./faults.ts";
export type { ModelOptions } from "./make-model.ts";
export type { FormModes } from "./modes.ts";
export type { ResourceOptions, StoredModel, StoredOperation, StoredTicket } from "./stored.ts";

export interface FormRecognizerOptions {
  /** At least one, or none and all of them later. */
  readonly resources: readonly ResourceOptions[];
  /** Where to keep the data; absent: in memory, gone with the process. */
  readonly folder?: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Serves HTTPS with this key and certificate; absent: HTTP. */
  readonly tls?: TlsIdentity;
  /** The time at which the stand-in's clock stands until `advance`; absent: the real clock. */
  readonly manualClockFrom?: Millis;
  /** How long a copy is `notStarted`, and again as long `running`; default 0. */
  readonly copyMs?: Millis;
  /** How long a training, build or composition takes; default 0. */
  readonly buildMs?: Millis;
  /** Container URL without query → local folder that stands for it. Other containers are read over HTTP with their SAS. */
  readonly containers?: Readonly<Record<string, string>>;
  /** Bearer tokens that every resource takes. */
  readonly tokens?: readonly string[];
  readonly modes?: Partial<FormModes>;
}

export interface FormRecognizerResource extends ResourceView {
  /** The requests that this resource has seen. */
  readonly requests: RequestLog;
}

export interface FormRecognizerSandbox extends AsyncDisposable {
  /** Throws for a name that is none. */
  resource(name: string): FormRecognizerResource;
  /** Resolves when it listens. */
  addResource(options: ResourceOptions): Promise<FormRecognizerResource>;
  /** Of all resources. */
  readonly faults: Faults;
  /** Of all resources, in the order of their arrival; `place` tells which. */
  readonly requests: RequestLog;
  /** May be changed while it runs. */
  readonly modes: FormModes;
  /** May be changed while it runs. */
  readonly delays: FormDelays;
  /** The stand-in's time. */
  now(): Millis;
  /** Sets a manual clock forward and resolves when what became due has happened. Rejects on the real clock. */
  advance(ms: Millis): Promise<void>;
  /** The resource's region is dead: open connections end, new ones are refused. What it holds stays. */
  kill(name: string): Promise<void>;
  revive(name: string): Promise<void>;
  /** For tests: everything that a resource holds, reserved ids too. */
  models(name: string): readonly StoredModel[];
  /** For tests: copies, builds and compositions of a resource. */
  operations(name: string): readonly StoredOperation[];
  /** For tests: puts a model in without a training. */
  makeModel(name: string, options?: ModelOptions): StoredModel;
  /** Ends open connections; may be called twice. */
  close(): Promise<void>;
}

/** Starts all resources and resolves when they listen. Rejects if a port is taken or the folder cannot be used. */
export async function startFormRecognizer(options: FormRecognizerOptions): Promise<FormRecognizerSandbox> {
  const sqlite = openStorage(options.folder, "form-recognizer");
  const state: FormState = {
    resources: new Resources(options.tokens ?? []),
    models: new ModelStore(sqlite),
    tickets: new TicketStore(sqlite),
    operations: new OperationStore(sqlite),
    jobs: new Jobs(sqlite),
    clock: options.manualClockFrom === undefined ? new RealClock() : new ManualClock(options.manualClockFrom),
    modes: modesFrom(options.modes ?? {}),
    delays: { copyMs: options.copyMs ?? 0, buildMs: options.buildMs ?? 0 },
    containers: containerMap(options.containers ?? {}),
  };
  const stand = new FormStand(sqlite, state, { host: options.host ?? "127.0.0.1", tls: options.tls });
  const close = async (): Promise<void> => stand.close();
  try {
    for (const wanted of options.resources) await stand.add(wanted);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    resource: (name) => viewOf(stand.server(name)),
    addResource: async (wanted) => viewOf(await stand.add(wanted)),
    faults: stand.faults,
    requests: stand.requests,
    modes: state.modes,
    delays: state.delays,
    now: () => state.clock.now(),
    advance: async (ms) => stand.advance(ms),
    kill: async (name) => stand.server(name).stop(),
    revive: async (name) => stand.server(name).start(),
    models: (name) => state.models.list(stand.server(name).resource.name),
    operations: (name) => state.operations.list(stand.server(name).resource.name),
    makeModel: (name, model = {}) => {
      const made = modelFrom(stand.server(name).resource.name, model, state.clock.now());
      state.models.put(made);
      return made;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function viewOf(server: ResourceServer): FormRecognizerResource {
  return { ...resourceView(server), requests: server.requests };
}
