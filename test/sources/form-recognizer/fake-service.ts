/**
 * A resource in memory behind the face that capture, copies and restores see: either generation's manners, copies between fakes, and a failure
 * at any call. It speaks no HTTP and checks no service's texts; the stand-in does that.
 */
import { HoldfastError } from "../../../src/model/errors.ts";
import type { ApiVersion } from "../../../src/sources/form-recognizer/config.ts";
import type { ModelKind, ModelRef } from "../../../src/sources/form-recognizer/keys.ts";
import type {
  Begun,
  BuildRequest,
  ComposeRequest,
  CopyState,
  CopyTicket,
  FormService,
  ListedModel,
  ListedOperation,
  ModelDetails,
} from "../../../src/sources/form-recognizer/service/face.ts";
import { fakeDetails, fakeListed, learnt, renamed } from "./fake-answers.ts";
import { FakeCloud, FakeFaults, type FakeModel, type FakeOperation } from "./fake-cloud.ts";

export { FakeCloud } from "./fake-cloud.ts";

const TICKET_LIFE_MS = { v2: 86_400_000, v3: 3_600_000 } as const;

/** Models on one page of the fake's lists. */
const PAGE = 100;

export interface FakeOptions {
  readonly name: string;
  readonly apiVersion: ApiVersion;
  readonly cloud?: FakeCloud;
  readonly limit?: number;
  /** Looks at an operation until it is over; default 1. */
  readonly looks?: number;
}

export type FakeModelOptions = Partial<Omit<FakeModel, "kind">> & { readonly kind?: ModelKind };

export class FakeService implements FormService {
  readonly endpoint: string;
  readonly apiVersion: ApiVersion;
  readonly cloud: FakeCloud;
  readonly traits: FormService["traits"];
  readonly traffic = { requests: 0, throttled: 0 };
  readonly faults = new FakeFaults();
  /** By `kind/id`, in the order in which they were made. */
  readonly models = new Map<string, FakeModel>();
  readonly begun = new Map<string, FakeOperation>();
  /** What was asked to be built, newest last. */
  readonly builds: BuildRequest[] = [];
  limit: number;
  looks: number;
  /** The next copies end like this, one each. */
  readonly copyFailures: { readonly code: string; readonly message: string }[] = [];
  readonly #old: boolean;

  constructor({ name, apiVersion, cloud = new FakeCloud(), limit = 20_000, looks = 1 }: FakeOptions) {
    this.endpoint = `https://${name}.example.test`;
    this.apiVersion = apiVersion;
    this.cloud = cloud;
    this.limit = limit;
    this.looks = looks;
    this.#old = apiVersion.startsWith("v2");
    this.traits = {
      choosesIds: this.#old,
      classifiers: apiVersion === "2023-07-31" || apiVersion === "2024-11-30",
      classifierCopies: apiVersion === "2024-11-30",
      composes: apiVersion !== "v2.0",
      listsOperations: !this.#old,
    };
  }

  failAt(n: number, when: "before" | "after" = "before", error?: () => Error): void {
    this.faults.failAt(n, when, error);
  }

  /** Puts a model there without a training; its id. */
  addModel(options: FakeModelOptions = {}): string {
    const kind = options.kind ?? "models";
    const id = options.id ?? (this.#old ? this.cloud.guid() : `model-${this.cloud.next()}`);
    const at = this.cloud.stamp();
    const model: FakeModel = {
      status: "ready",
      tags: {},
      created: at,
      modified: options.created ?? at,
      apiVersion: this.apiVersion,
      buildMode: kind === "classifiers" ? "classifier" : this.#old ? "labelled" : "template",
      composed: false,
      components: [],
      content: learnt(kind, id, this.#old),
      ...options,
      kind,
      id,
    };
    this.models.set(`${kind}/${id}`, model);
    return id;
  }

  change(ref: ModelRef, change: Partial<FakeModel>): void {
    const model = this.models.get(`${ref.kind}/${ref.id}`);
    if (model === undefined) throw new Error(`the fake has no ${ref.kind}/${ref.id}`);
    this.models.set(`${ref.kind}/${ref.id}`, { ...model, ...change });
  }

  #call<T>(name: string, signal: AbortSignal, act: () => T): Promise<T> {
    this.traffic.requests++;
    return this.faults.call(name, signal, act);
  }

  #visible({ kind, id }: ModelRef): FakeModel | undefined {
    const model = this.models.get(`${kind}/${id}`);
    if (model === undefined || model.status === "reserved") return undefined;
    return this.#old || model.status === "ready" ? model : undefined;
  }

  async *list(kinds: readonly ModelKind[], signal: AbortSignal): AsyncGenerator<readonly ListedModel[]> {
    for (const kind of kinds) {
      if (kind === "classifiers" && !this.traits.classifiers) continue;
      const all = [...this.models.values()].filter((model) => model.kind === kind && this.#visible(model));
      for (let from = 0; from === 0 || from < all.length; from += PAGE) {
        yield await this.#call(`list ${kind}`, signal, () =>
          all.slice(from, from + PAGE).map((model) => fakeListed(model, this.apiVersion)),
        );
      }
    }
  }

  details(ref: ModelRef, signal: AbortSignal): Promise<ModelDetails | undefined> {
    return this.#call("details", signal, () => {
      const model = this.#visible(ref);
      return model && fakeDetails(model, this.apiVersion);
    });
  }

  remove({ kind, id }: ModelRef, signal: AbortSignal): Promise<void> {
    return this.#call("remove", signal, () => {
      if (this.models.get(`${kind}/${id}`)?.status !== "reserved") this.models.delete(`${kind}/${id}`);
    });
  }

  room(signal: AbortSignal): Promise<{ readonly count: number; readonly limit: number }> {
    return this.#call("room", signal, () => ({ count: this.models.size, limit: this.limit }));
  }

  authorise(
    wanted: ModelRef & { readonly description?: string; readonly tags?: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<CopyTicket> {
    return this.#call("authorise", signal, () => {
      const { kind, description, tags = {} } = wanted;
      const targetId = this.#old ? this.cloud.guid() : wanted.id;
      if (this.models.has(`${kind}/${targetId}`)) throw taken(targetId);
      this.addModel({ kind, id: targetId, status: this.#old ? "creating" : "reserved", content: {} });
      const secret = this.cloud.guid();
      const expires = this.cloud.now + (this.#old ? TICKET_LIFE_MS.v2 : TICKET_LIFE_MS.v3);
      this.cloud.tickets.set(secret, {
        target: this,
        kind,
        id: targetId,
        expires,
        tags,
        used: false,
        ...(description === undefined ? {} : { description }),
      });
      return { targetId, expires, payload: JSON.stringify({ accessToken: secret }), secret };
    });
  }

  submitCopy(
    ref: ModelRef,
    ticket: CopyTicket,
    _degrade: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly operation: string } | "unsure"> {
    const submitted = this.#call("submitCopy", signal, () => {
      const model = this.#visible(ref);
      if (model === undefined) throw new HoldfastError("source-not-found", `There is no ${ref.id}.`);
      const known = this.cloud.tickets.get(ticket.secret);
      const refusal =
        known === undefined || known.used || known.expires <= this.cloud.now
          ? { code: "AuthorizationError", message: "Could not retrieve authorization metadata." }
          : this.copyFailures.shift();
      if (known !== undefined) known.used = true;
      const operation = this.#begin(
        "documentModelCopyTo",
        ticket.targetId,
        () => {
          if (known !== undefined) known.target.#arrive(model, ticket.targetId, known);
        },
        refusal,
      );
      return { operation };
    });
    return submitted.catch((error: unknown) => {
      if (error instanceof HoldfastError && error.code === "source-unreachable") return "unsure";
      throw error;
    });
  }

  copyState(operation: string, signal: AbortSignal): Promise<CopyState> {
    return this.#call("copyState", signal, () => this.#look(operation));
  }

  async *operations(signal: AbortSignal): AsyncGenerator<readonly ListedOperation[]> {
    if (!this.traits.listsOperations) return;
    yield await this.#call("operations", signal, () =>
      [...this.begun]
        .map(([operation, { kind, makes, created, finished, failed }]) => {
          const status = !finished ? "running" : failed === undefined ? "succeeded" : "failed";
          return { operation, kind, makes, created, status };
        })
        .reverse(),
    );
  }

  build(request: BuildRequest, signal: AbortSignal): Promise<Begun> {
    return this.#call("build", signal, () => {
      this.builds.push(request);
      const { kind, buildMode } = request;
      return this.#make(request, { kind, buildMode });
    });
  }

  compose(request: ComposeRequest, signal: AbortSignal): Promise<Begun> {
    return this.#call("compose", signal, () => {
      const { components, classifier } = request;
      return this.#make(request, {
        kind: "models",
        buildMode: "composed",
        composed: true,
        components,
        ...(classifier === undefined ? {} : { classifier }),
      });
    });
  }

  buildState(begun: Begun & { readonly kind: ModelKind }, signal: AbortSignal): Promise<CopyState> {
    // v2.x knows no operation of a training: the model itself is asked.
    return this.#call("buildState", signal, () =>
      this.#look(this.#old ? this.#making(begun.id) : begun.operation),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #make(
    request: Pick<BuildRequest, "id" | "name" | "description" | "tags">,
    options: FakeModelOptions & { readonly kind: ModelKind },
  ): Begun {
    const id = this.#old ? this.cloud.guid() : request.id;
    if (this.models.has(`${options.kind}/${id}`)) throw taken(id);
    const { name, description, tags = {} } = request;
    this.addModel({
      ...options,
      id,
      tags,
      status: "creating",
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
    });
    const ref = { kind: options.kind, id };
    return {
      id,
      operation: this.#begin(
        options.composed === true ? "documentModelCompose" : "documentModelBuild",
        id,
        () => this.change(ref, { status: "ready" }),
      ),
    };
  }

  #begin(kind: string, makes: string, finish: () => void, failed?: FakeOperation["failed"]): string {
    const operation = this.cloud.guid();
    const created = this.cloud.stamp();
    const begun = { kind, makes, created, looks: this.looks, finish, finished: false };
    this.begun.set(operation, failed === undefined ? begun : { ...begun, failed });
    return operation;
  }

  #making(id: string): string {
    return [...this.begun].find(([, { makes }]) => makes === id)?.[0] ?? "";
  }

  #look(operation: string): CopyState {
    const begun = this.begun.get(operation);
    if (begun === undefined) return { status: "unknown" };
    if (!begun.finished && begun.looks-- > 0) return { status: "running" };
    if (begun.failed !== undefined) {
      begun.finished = true;
      return { status: "failed", ...begun.failed };
    }
    if (!begun.finished) begun.finish();
    begun.finished = true;
    return { status: "succeeded" };
  }

  /** The copy of a model of another fake, as each generation shows it. */
  #arrive(
    model: FakeModel,
    id: string,
    { description, tags }: { readonly description?: string; readonly tags: FakeModel["tags"] },
  ): void {
    const { description: _not, ...rest } = model;
    this.models.set(`${model.kind}/${id}`, {
      ...rest,
      id,
      status: "ready",
      ...(this.apiVersion === "2024-11-30"
        ? { created: this.cloud.stamp(), content: renamed(model, id) }
        : {}),
      tags: model.kind === "classifiers" ? {} : tags,
      ...(description === undefined ? {} : { description }),
    });
  }
}

function taken(id: string): HoldfastError {
  return new HoldfastError("target-refused", `A model named ${id} already exists.`, { status: 409 });
}
