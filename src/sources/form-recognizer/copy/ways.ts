/**
 * The two ways in which a model comes into a target: the service copies it from the source, or it is composed there from parts that were copied.
 * Either has a place reserved, is begun once, and is asked about until it is over.
 */
import type { Millis } from "../../../model/clock.ts";
import { isHoldfastError, type HoldfastError } from "../../../model/errors.ts";
import type { ModelRef } from "../keys.ts";
import type { ComposeRequest, CopyState, FormService, ModelDetails } from "../service/face.ts";
import { isServiceFailure, type CopyRun } from "./copy-run.ts";
import { composedOperation } from "./journal.ts";
import { marksOf, markedWords } from "./lineage.ts";

/** A place in the target, held for one attempt. */
export interface Place {
  readonly target: string;
  /** When the right to use it ends, ms UTC. */
  readonly expires: Millis;
  /** Asks for the model, once. `unsure`: whether the service has heard is not known. */
  begin(degrade: boolean): Promise<{ readonly operation: string } | "unsure">;
  /** A text without what must not be shown. */
  clean(text: string): string;
}

export interface Way {
  readonly composes: boolean;
  /** `wanted`: the id, where the service does not choose it. */
  reserve(wanted: string): Promise<Place>;
  /** `operation` as the service named it. */
  state(operation: string, target: string): Promise<CopyState>;
  /** The operation, as the ledger keeps it, that is making this id; undefined when none is known. */
  operationMaking(target: ModelRef): Promise<string | undefined>;
  /** Of the side that is asked. */
  readonly service: FormService;
}

export function copyingWay(run: CopyRun, model: ModelDetails): Way {
  const { source, target } = run.pair;
  const { signal } = run.context;
  const words = markedWords(model, marksOf(source.service, model));
  return {
    composes: false,
    service: source.service,
    async reserve(wanted) {
      const ticket = await target.service.authorise({ kind: model.kind, id: wanted, ...words }, signal);
      return {
        target: ticket.targetId,
        expires: ticket.expires,
        begin: async (degrade) => await source.service.submitCopy(model, ticket, degrade, signal),
        clean: (text) => (ticket.secret === "" ? text : text.replaceAll(ticket.secret, "…")),
      };
    },
    state: async (operation) => await source.service.copyState(operation, signal),
    operationMaking: async ({ kind, id }) =>
      await operationMaking(source.service, COPY_KINDS[kind], id, signal),
  };
}

export function composingWay(
  run: CopyRun,
  model: ModelDetails,
  parts: Pick<ComposeRequest, "components" | "classifier" | "docTypes" | "split">,
): Way {
  const { source, target } = run.pair;
  const { signal } = run.context;
  const words = markedWords(model, marksOf(source.service, model));
  return {
    composes: true,
    service: target.service,
    async reserve(wanted) {
      return {
        target: wanted,
        expires: Number.POSITIVE_INFINITY,
        clean: (text) => text,
        async begin() {
          try {
            const request = { id: wanted, ...words, ...parts };
            const { operation } = await target.service.compose(request, signal);
            return { operation: composedOperation(operation) };
          } catch (error) {
            if (isServiceFailure(run, error) && isHoldfastError(error, "source-unreachable")) return "unsure";
            throw error;
          }
        },
      };
    },
    state: async (operation, id) =>
      await target.service.buildState({ kind: model.kind, id, operation }, signal),
    async operationMaking({ id }) {
      const found = await operationMaking(target.service, "documentModelCompose", id, signal);
      return found === undefined ? undefined : composedOperation(found);
    },
  };
}

const COPY_KINDS = { models: "documentModelCopyTo", classifiers: "documentClassifierCopyTo" } as const;

/** The newest one: the service lists them so. */
async function operationMaking(
  service: FormService,
  kind: string,
  id: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  for await (const page of service.operations(signal)) {
    const found = page.find((listed) => listed.makes === id && listed.kind === kind);
    if (found !== undefined) return found.operation;
  }
  return undefined;
}

/** What is thrown when the id is taken: by a model, or by a reservation that nobody sees. */
export function isTakenError(error: unknown): error is HoldfastError {
  return (
    isHoldfastError(error, "target-refused") &&
    (error.context.status === 409 || error.context.code === "ModelExists")
  );
}
