/**
 * The calls that language and acoustic models have in common. Reads repeat themselves; what changes a model is sent once unless sending it
 * again does no harm, and the caller settles what a broken connection left open. While the service works on a model it refuses nearly
 * everything with 409: every call waits that out.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { RequestClass } from "../http/request-budget.ts";
import type { SourceContext } from "../source.ts";
import { component, type WatsonClient, type WatsonRequest } from "../watson/client.ts";
import { waitFor, whenNotBusy, type Wait } from "../watson/waiting.ts";
import { customModelOf, type CustomModel } from "./custom-model.ts";
import type { ModelCreation } from "./make-model.ts";

/** One of the two kinds of models. */
export interface ModelKind {
  /** Path of their listing. */
  readonly path: "/v1/customizations" | "/v1/acoustic_customizations";
  /** What one is called, for people. */
  readonly noun: "language model" | "acoustic model";
  /** Member of a base model's features that says whether such a model can be built on it. */
  readonly feature: "custom_language_model" | "custom_acoustic_model";
}

/** A base model that the service offers. */
export interface OfferedModel {
  readonly name: string;
  /** Whether models of the kind can be built on it. */
  readonly customisable: boolean;
}

export class ModelCalls {
  protected readonly client: WatsonClient;
  protected readonly context: SourceContext;
  readonly kind: ModelKind;
  readonly #pollMs: number | undefined;

  /** `pollMs`: time between two looks where the configuration names none. */
  constructor(client: WatsonClient, context: SourceContext, kind: ModelKind, pollMs?: number) {
    this.client = client;
    this.context = context;
    this.kind = kind;
    this.#pollMs = pollMs;
  }

  async models(): Promise<CustomModel[]> {
    const { path, noun } = this.kind;
    return (await this.list(path, "customizations", `list the ${noun}s`)).map(customModelOf);
  }

  /** Errors: `source-not-found`. */
  async model(id: string): Promise<CustomModel> {
    const raw = await this.wait(`model ${id}`, () =>
      this.client.raw(
        {
          method: "GET",
          path: this.at(id),
          purpose: `read ${this.kind.noun} ${id}`,
          repeatable: true,
        },
        this.context.signal,
      ),
    );
    return customModelOf(raw);
  }

  /** Base models that the service offers. */
  async offered(): Promise<OfferedModel[]> {
    const elements = await this.list("/v1/models", "models", "list the base models");
    return elements.map((element) => {
      const { name, supported_features: features } = JSON.parse(element.toString("utf8")) as {
        readonly name?: unknown;
        readonly supported_features?: Readonly<Record<string, unknown>>;
      };
      return { name: String(name), customisable: features?.[this.kind.feature] === true };
    });
  }

  /** Sent once. Errors: `source-unreachable` when it is open whether and which model was made. */
  async create(creation: ModelCreation): Promise<string> {
    const answer = (await this.send({
      method: "POST",
      path: this.kind.path,
      purpose: `create ${this.kind.noun} "${creation.name}"`,
      body: { json: creation },
    })) as { customization_id?: unknown } | undefined;
    const id = answer?.customization_id;
    if (typeof id === "string" && id !== "") return id;
    // As with a lost answer: whether there is a model, and which, only the listing tells.
    throw new HoldfastError(
      "source-unreachable",
      `the service did not say which model it made for "${creation.name}"`,
    );
  }

  async deleteModel(id: string): Promise<void> {
    await this.send({ method: "DELETE", path: this.at(id), purpose: `delete ${this.kind.noun} ${id}` }, true);
  }

  async reset(id: string): Promise<void> {
    const path = this.at(id, "reset");
    await this.send({ method: "POST", path, purpose: `empty ${this.kind.noun} ${id}` }, true);
  }

  /** Sent once. What the service skipped: it says so in this answer and nowhere else. */
  async train(id: string, query: NonNullable<WatsonRequest["query"]>): Promise<string[]> {
    const answer = (await this.send({
      method: "POST",
      path: this.at(id, "train"),
      query,
      purpose: `train ${this.kind.noun} ${id}`,
    })) as { warnings?: readonly { message?: unknown; description?: unknown }[] } | undefined;
    const warnings = Array.isArray(answer?.warnings) ? answer.warnings : [];
    return warnings.map(({ message, description }) => String(message ?? description));
  }

  /** Waits while one of these is the model's status. */
  async whileStatus(id: string, what: string, statuses: readonly string[]): Promise<CustomModel> {
    return await this.until(what, async () => {
      const model = await this.model(id);
      return statuses.includes(model.status) ? undefined : model;
    });
  }

  /** Waits until `look` gives something. */
  async until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    return await waitFor(look, this.#waiting(what), this.context);
  }

  protected async list(
    path: string,
    member: string,
    purpose: string,
    query?: NonNullable<WatsonRequest["query"]>,
  ): Promise<Buffer[]> {
    return await this.wait("a busy model", () =>
      this.client.listRaw(
        path,
        member,
        { purpose, ...(query === undefined ? {} : { query }) },
        this.context.signal,
      ),
    );
  }

  protected async send(
    request: Omit<WatsonRequest, "repeatable" | "class">,
    repeatable = false,
  ): Promise<unknown> {
    const kind: RequestClass = "write";
    return await this.wait("a model that the service works on", () =>
      this.client.json({ ...request, repeatable, class: kind }, this.context.signal),
    );
  }

  protected async wait<T>(what: string, act: () => Promise<T>): Promise<T> {
    return await whenNotBusy(act, this.#waiting(what), this.context);
  }

  protected at(id: string, ...below: readonly string[]): string {
    return [this.kind.path, ...[id, ...below].map(component)].join("/");
  }

  #waiting(what: string): Wait {
    const { pollMs = this.#pollMs, patienceMs } = this.client.config;
    return { what, pollMs, patienceMs };
  }
}

/** With it the service finds the data when the customer asks for their deletion. */
export function labelOf(customer: string | undefined): Record<string, string> {
  return customer === undefined ? {} : { "x-watson-metadata": `customer_id=${customer}` };
}
