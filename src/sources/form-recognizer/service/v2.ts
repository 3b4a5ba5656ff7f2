/**
 * v2.0 and v2.1: models only, ids chosen by the service, a failed copy or training answered 200.
 */
import { HoldfastError } from "../../../model/errors.ts";
import { UnreadableAnswer } from "../../http/answer-failure.ts";
import { component } from "../../http/path-component.ts";
import { walkMembers } from "../../http/raw-json.ts";
import type { FormConfig } from "../config.ts";
import type { ModelRef } from "../keys.ts";
import { membersOf, objectIn, textIn, type Members } from "./bounded-answer.ts";
import { saysNotThere, type FormClient, type FormRequest } from "./client.ts";
import { readServiceError, signaturesIn } from "./dialect.ts";
import { expiryOfTicks } from "./expiry.ts";
import type {
  Begun,
  BuildRequest,
  ComposeRequest,
  CopyState,
  CopyTicket,
  FormService,
  ListedModel,
  ModelDetails,
} from "./face.ts";
import { pages } from "./pages.ts";
import { roomIn } from "./room.ts";
import { submitCopy } from "./submit-copy.ts";
import { targetPlace } from "./target-place.ts";
import { detailsOfV2, listedOfV2 } from "./v2-models.ts";

export type V2Version = "v2.0" | "v2.1";

export function serviceOfV2(client: FormClient, version: V2Version, config: FormConfig): FormService {
  const models = `/formrecognizer/${version}/custom/models`;
  const pathOf = (id: string): string => `${models}/${component(id)}`;
  const readRequest = (id: string): FormRequest => ({
    method: "GET",
    path: pathOf(id),
    query: "includeKeys=true",
    purpose: `read model ${id}`,
  });
  const begin = async (
    request: { readonly path: string; readonly purpose: string; readonly secrets?: readonly string[] },
    body: Members,
    signal: AbortSignal,
  ): Promise<Begun> => {
    const id = await client.exchange(
      { method: "POST", ...request, body: JSON.stringify(body) },
      async (answer) => lastOf(answer.headers["location"], /\/models\/([^/?#]+)/i),
      signal,
    );
    return { id, operation: id };
  };

  return {
    endpoint: client.http.address.shown,
    apiVersion: version,
    traits: {
      choosesIds: true,
      classifiers: false,
      classifierCopies: false,
      composes: version === "v2.1",
      listsOperations: false,
    },
    traffic: client.http.traffic,
    get region() {
      return client.region;
    },

    async *list(kinds, signal): AsyncGenerator<readonly ListedModel[]> {
      if (!kinds.includes("models")) return;
      yield* pages(
        client,
        {
          path: models,
          query: "op=full",
          further: (linkQuery) => linkQuery,
          member: "modelList",
          purpose: "list the custom models",
          read(entry) {
            const value = listedOfV2(entry, version);
            return { id: value.id, value };
          },
        },
        signal,
      );
    },

    async details(ref, signal): Promise<ModelDetails | undefined> {
      if (ref.kind !== "models") return undefined;
      return await client.objectIfThere(
        readRequest(ref.id),
        (body, raw) => detailsOfV2(raw, body, version),
        signal,
      );
    },

    async remove(ref, signal) {
      onlyModels(ref, version);
      try {
        await client.exchange(
          { method: "DELETE", path: pathOf(ref.id), purpose: `delete model ${ref.id}` },
          async () => {},
          signal,
        );
      } catch (error) {
        if (!saysNotThere(error)) throw error;
      }
    },

    async room(signal) {
      return await client.object(
        { method: "GET", path: models, query: "op=summary", purpose: "count the custom models" },
        (body) => roomIn(body["summary"]),
        signal,
      );
    },

    async authorise(wanted, signal): Promise<CopyTicket> {
      onlyModels(wanted, version);
      // Before anything is asked: every authorisation leaves a placeholder behind.
      const place = targetPlace(config, client.http.address.shown);
      return await client.object(
        { method: "POST", path: `${models}/copyAuthorization`, purpose: "authorise a copy" },
        (body, raw) => ({
          targetId: textIn(body, "modelId"),
          expires: expiryOfTicks(memberText(raw, "expirationDateTimeTicks")),
          // The authorisation goes back byte for byte: its expiry may be a number that parsing would change.
          payload: `{"targetResourceId":${JSON.stringify(place.resourceId)},"targetResourceRegion":${JSON.stringify(place.region)},"copyAuthorization":${raw.toString("utf8").trim()}}`,
          secret: textIn(body, "accessToken"),
        }),
        signal,
      );
    },

    async submitCopy(ref, ticket, degrade, signal) {
      onlyModels(ref, version);
      return await submitCopy(
        client,
        {
          path: `${pathOf(ref.id)}/copy`,
          purpose: `copy model ${ref.id}`,
          ticket,
          degrade,
          operationOf(link) {
            const result = /\/copyresults\/([^/?#]+)/i.exec(link)?.[1];
            return result === undefined ? undefined : `${ref.id}/${result}`;
          },
        },
        signal,
      );
    },

    async copyState(operation, signal): Promise<CopyState> {
      const [model = "", result = ""] = operation.split("/");
      const state = await client.state(
        operation,
        {
          method: "GET",
          path: `${pathOf(model)}/copyResults/${component(result)}`,
          purpose: `read the state of a copy of model ${model}`,
        },
        (body) => stateOf(body["status"], membersOf(body["copyResult"])?.["errors"]),
        signal,
      );
      return state ?? { status: "unknown" };
    },

    async *operations() {},

    async build(request: BuildRequest, signal): Promise<Begun> {
      onlyModels(request, version);
      return await begin(
        { path: models, purpose: "train a model", secrets: signaturesIn(request.container) },
        {
          source: request.container,
          // What is trained from lies there for this purpose only: all of it counts.
          sourceFilter: { prefix: request.prefix, includeSubFolders: true },
          useLabelFile: request.buildMode !== "unlabelled",
          ...(version === "v2.0" || request.name === undefined ? {} : { modelName: request.name }),
        },
        signal,
      );
    },

    async compose(request: ComposeRequest, signal): Promise<Begun> {
      if (version === "v2.0") throw new HoldfastError("target-refused", "v2.0 cannot compose models.");
      return await begin(
        { path: `${models}/compose`, purpose: "compose a model" },
        {
          modelIds: request.components,
          ...(request.name === undefined ? {} : { modelName: request.name }),
        },
        signal,
      );
    },

    async buildState(begun, signal): Promise<CopyState> {
      const state = await client.state(
        begun.operation,
        readRequest(begun.id),
        (body) => stateOf(objectIn(body["modelInfo"])["status"], membersOf(body["trainResult"])?.["errors"]),
        signal,
      );
      return state ?? { status: "unknown" };
    },

    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
    },
  };
}

function stateOf(status: unknown, errors: unknown): CopyState {
  switch (status) {
    case "notStarted":
    case "running":
      return { status };
    case "creating":
      return { status: "running" };
    case "succeeded":
    case "ready":
      return { status: "succeeded" };
    case "failed":
    case "invalid":
      return { status: "failed", ...readServiceError(Array.isArray(errors) ? errors[0] : undefined) };
    default:
      throw new UnreadableAnswer("the answer names a state that the protocol does not know", false);
  }
}

function onlyModels({ kind }: Pick<ModelRef, "kind">, version: V2Version): void {
  if (kind !== "models") throw new HoldfastError("target-refused", `${version} knows no classifiers.`);
}

/** The id that a link of any host and version names. */
function lastOf(link: string | undefined, pattern: RegExp): string {
  const id = link === undefined ? undefined : pattern.exec(link)?.[1];
  if (id === undefined) throw new UnreadableAnswer("the answer does not name what was begun", false);
  return id;
}

/** A member's value as it stands in the text. */
function memberText(raw: Buffer, name: string): string {
  let text: string | undefined;
  walkMembers(raw, raw.indexOf("{"), (key, start, end) => {
    if (key === name) text = raw.toString("utf8", start, end);
  });
  if (text === undefined) throw new UnreadableAnswer(`the answer lacks "${name}"`, false);
  return text;
}
