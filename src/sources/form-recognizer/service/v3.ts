/**
 * v3.0 (2022-08-31), v3.1 (2023-07-31) and v4.0 (2024-11-30): ids chosen by the caller, long work as operations. Classifiers since v3.1, copies of
 * them since v4.0.
 */
import { HoldfastError } from "../../../model/errors.ts";
import { UnreadableAnswer } from "../../http/answer-failure.ts";
import { component } from "../../http/path-component.ts";
import type { ModelKind, ModelRef } from "../keys.ts";
import { optionalText, textIn } from "./bounded-answer.ts";
import { saysNotThere, type FormClient } from "./client.ts";
import { readServiceError, signaturesIn } from "./dialect.ts";
import { millisOfTime } from "./expiry.ts";
import type { Begun, CopyState, FormService, ListedModel, ListedOperation } from "./face.ts";
import { pages } from "./pages.ts";
import { roomIn } from "./room.ts";
import { submitCopy } from "./submit-copy.ts";
import { buildBody, composeBody } from "./v3-requests.ts";
import { detailsOfV3, ID_MEMBER, isPrebuilt, listedOfV3 } from "./v3-models.ts";

export type V3Version = "2022-08-31" | "2023-07-31" | "2024-11-30";

const FOLDER: Readonly<Record<ModelKind, string>> = {
  models: "documentModels",
  classifiers: "documentClassifiers",
};
const WORD: Readonly<Record<ModelKind, string>> = { models: "model", classifiers: "classifier" };

export function serviceOfV3(client: FormClient, version: V3Version): FormService {
  const root = version === "2024-11-30" ? "/documentintelligence" : "/formrecognizer";
  const query = `api-version=${version}`;
  const traits = {
    choosesIds: false,
    classifiers: version !== "2022-08-31",
    classifierCopies: version === "2024-11-30",
    composes: true,
    listsOperations: true,
  };
  const folder = (kind: ModelKind): string => {
    if (kind === "classifiers" && !traits.classifiers) {
      throw new HoldfastError("target-refused", `${version} knows no classifiers.`);
    }
    return `${root}/${FOLDER[kind]}`;
  };
  const pathOf = ({ kind, id }: ModelRef): string => `${folder(kind)}/${component(id)}`;
  const copyable = ({ kind, id }: ModelRef): void => {
    if (kind === "classifiers" && !traits.classifierCopies) {
      throw new HoldfastError(
        "target-refused",
        `${version} cannot copy classifiers (${id}): build it again in the target, or use 2024-11-30 for both resources.`,
      );
    }
  };
  /** Links of a further page keep everything but the version, which is the own one. */
  const further = (linkQuery: string): string =>
    [...linkQuery.split("&").filter((part) => !/^api-version=/i.test(part)), query].join("&");
  const begin = async (
    request: { readonly path: string; readonly purpose: string; readonly secrets?: readonly string[] },
    id: string,
    body: string,
    signal: AbortSignal,
  ): Promise<Begun> =>
    await client.exchange(
      { method: "POST", ...request, query, body },
      async (answer) => {
        const operation = operationOf(answer.headers["operation-location"] ?? "");
        if (operation === undefined) {
          throw new UnreadableAnswer("the answer does not name what was begun", false);
        }
        return { id, operation };
      },
      signal,
    );
  const stateOfOperation = async (operation: string, signal: AbortSignal): Promise<CopyState> => {
    const state = await client.state(
      operation,
      {
        method: "GET",
        path: `${root}/operations/${component(operation)}`,
        query,
        purpose: `read the state of operation ${operation}`,
      },
      (body) => stateOf(body["status"], body["error"]),
      signal,
    );
    return state ?? { status: "unknown" };
  };

  return {
    endpoint: client.http.address.shown,
    apiVersion: version,
    traits,
    traffic: client.http.traffic,
    get region() {
      return client.region;
    },

    async *list(kinds, signal): AsyncGenerator<readonly ListedModel[]> {
      for (const kind of kinds) {
        if (kind === "classifiers" && !traits.classifiers) continue;
        yield* pages(
          client,
          {
            path: folder(kind),
            query,
            further,
            member: "value",
            purpose: `list the custom ${kind}`,
            read(entry) {
              const id = textIn(entry, ID_MEMBER[kind]);
              return { id, value: isPrebuilt(id) ? undefined : listedOfV3(kind, entry, version) };
            },
          },
          signal,
        );
      }
    },

    async details(ref, signal) {
      if (ref.kind === "classifiers" && !traits.classifiers) return undefined;
      return await client.objectIfThere(
        { method: "GET", path: pathOf(ref), query, purpose: `read ${WORD[ref.kind]} ${ref.id}` },
        (body, raw) => detailsOfV3(ref.kind, raw, body, version),
        signal,
      );
    },

    async remove(ref, signal) {
      try {
        await client.exchange(
          { method: "DELETE", path: pathOf(ref), query, purpose: `delete ${WORD[ref.kind]} ${ref.id}` },
          async () => {},
          signal,
        );
      } catch (error) {
        if (!saysNotThere(error)) throw error;
      }
    },

    async room(signal) {
      return await client.object(
        { method: "GET", path: `${root}/info`, query, purpose: "count the custom models" },
        (body) => roomIn(body["customDocumentModels"]),
        signal,
      );
    },

    async authorise(wanted, signal) {
      copyable(wanted);
      const { kind, id, description, tags } = wanted;
      return await client.object(
        {
          method: "POST",
          path: `${folder(kind)}:authorizeCopy`,
          query,
          purpose: `authorise a copy as ${WORD[kind]} ${id}`,
          body: JSON.stringify({ [ID_MEMBER[kind]]: id, description, tags }),
        },
        (body, raw) => ({
          targetId: textIn(body, kind === "models" ? "targetModelId" : "targetClassifierId"),
          expires: millisOfTime(body["expirationDateTime"]),
          payload: raw.toString("utf8"),
          secret: textIn(body, "accessToken"),
        }),
        signal,
      );
    },

    async submitCopy(ref, ticket, degrade, signal) {
      copyable(ref);
      return await submitCopy(
        client,
        {
          path: `${pathOf(ref)}:copyTo`,
          query,
          purpose: `copy ${WORD[ref.kind]} ${ref.id}`,
          ticket,
          degrade,
          operationOf,
        },
        signal,
      );
    },

    copyState: stateOfOperation,

    async *operations(signal): AsyncGenerator<readonly ListedOperation[]> {
      yield* pages(
        client,
        {
          path: `${root}/operations`,
          query,
          further,
          member: "value",
          purpose: "list the operations",
          read(entry) {
            const operation = textIn(entry, "operationId");
            const value = {
              operation,
              kind: textIn(entry, "kind"),
              status: textIn(entry, "status"),
              created: textIn(entry, "createdDateTime"),
              makes: madeBy(entry["resourceLocation"]),
            };
            return { id: operation, value };
          },
        },
        signal,
      );
    },

    async build(request, signal) {
      return await begin(
        {
          path: `${folder(request.kind)}:build`,
          purpose: `build ${WORD[request.kind]} ${request.id}`,
          secrets: signaturesIn(request.container),
        },
        request.id,
        buildBody(request),
        signal,
      );
    },

    async compose(request, signal) {
      return await begin(
        { path: `${folder("models")}:compose`, purpose: `compose model ${request.id}` },
        request.id,
        composeBody(request, version),
        signal,
      );
    },

    async buildState(begun, signal) {
      return await stateOfOperation(begun.operation, signal);
    },

    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
    },
  };
}

/** The id in a link of any host and version. */
function operationOf(link: string): string | undefined {
  return /\/operations\/([^/?#]+)/i.exec(link)?.[1];
}

/** Id of the model or classifier that a location names. */
function madeBy(location: unknown): string {
  const id = /\/document(?:Models|Classifiers)\/([^/?#]+)/i.exec(optionalText(location) ?? "")?.[1];
  return id ?? "";
}

function stateOf(status: unknown, error: unknown): CopyState {
  switch (status) {
    case "notStarted":
    case "running":
    case "succeeded":
      return { status };
    case "failed":
      return { status: "failed", ...readServiceError(error) };
    case "canceled":
    case "skipped": {
      const { code, message } = readServiceError(error);
      return { status: "failed", code: code || status, message: message || `The operation was ${status}.` };
    }
    default:
      throw new UnreadableAnswer("the answer names a state that the protocol does not know", false);
  }
}
