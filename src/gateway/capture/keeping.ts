/**
 * Keeping one request while it passes: from the decision whether it may pass at all to what is written down of its outcome.
 *
 * Promise: when `accepted` has resolved, either the capture is durable in the spool, or a mark is that says what is missing, or (when not
 * even that could be written) the alarm has been raised.
 */
import type { IncomingMessage } from "node:http";
import { errorText } from "../../model/errors.ts";
import type { GatewayAlarm, InstanceCounts, InstanceOptions, OnUnreachable } from "../options.ts";
import type { EntryWriter } from "../spool/entry-writer.ts";
import type { Spool } from "../spool/spool.ts";
import type { Classified } from "./classify.ts";
import { shownKey } from "./expand.ts";
import { onlyTakesAway, type Operation } from "./operations.ts";
import {
  contentFacts,
  openParameters,
  userSecret,
  type AnswerFacts,
  type RequestFacts,
} from "./request-facts.ts";

export interface KeeperOptions {
  readonly spool: Spool;
  readonly onUnreachable: OnUnreachable;
  /** Whether the repository is known not to take captures of the source. */
  readonly unreachable: (source: string) => boolean;
  readonly alarm: (alarm: Omit<GatewayAlarm, "at">) => void;
  readonly now: () => number;
}

export interface KeptInstance extends Pick<InstanceOptions, "source" | "kind"> {
  readonly counts: InstanceCounts;
}

export class Keeper {
  readonly #options: KeeperOptions;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** `refused`: the text for the client; the request must not reach the service. */
  begin(
    instance: KeptInstance,
    { operation, names }: Classified,
    query: string,
    request: IncomingMessage,
  ): Keeping | { readonly refused: string } {
    const { spool, onUnreachable, unreachable, alarm } = this.#options;
    const { source, kind } = instance;
    const secret = userSecret(query);
    const facts: RequestFacts = {
      source,
      kind,
      operation: operation.name,
      names,
      query: openParameters(query),
      ...(secret === undefined ? {} : { secret }),
      ...contentFacts(request.headers),
    };
    const small = onlyTakesAway(operation) || operation.body === "none";
    const length = Number(request.headers["content-length"] ?? 0);
    const noRoom = !small && !spool.hasRoom(length);
    if (spool.failing) void spool.probe();
    const missing = noRoom
      ? "the spool of captures is full or cannot be written"
      : unreachable(source)
        ? "the repository of captures cannot be reached"
        : undefined;
    if (missing !== undefined && onUnreachable === "refuse" && !onlyTakesAway(operation)) {
      instance.counts.refused++;
      const key = shownKey(operation, facts);
      alarm({ kind: "upload-refused", source, key, message: `${operation.name} was refused: ${missing}.` });
      return { refused: refusalText(missing) };
    }
    const writer = noRoom ? undefined : spool.begin(facts, small);
    return new Keeping(this.#options, instance, operation, facts, writer, noRoom ? missing : undefined);
  }
}

export class Keeping {
  readonly operation: Operation;
  readonly #options: KeeperOptions;
  readonly #instance: KeptInstance;
  readonly #facts: RequestFacts;
  readonly #writer: EntryWriter | undefined;
  /** Why nothing is written from the beginning. */
  readonly #skipped: string | undefined;
  #sent: Promise<void> | undefined;

  constructor(
    options: KeeperOptions,
    instance: KeptInstance,
    operation: Operation,
    facts: RequestFacts,
    writer: EntryWriter | undefined,
    skipped: string | undefined,
  ) {
    this.#options = options;
    this.#instance = instance;
    this.operation = operation;
    this.#facts = facts;
    this.#writer = writer;
    this.#skipped = skipped;
  }

  /** The service may only have the whole of it once that is durable here. */
  get strict(): boolean {
    return this.#options.onUnreachable === "refuse" && !onlyTakesAway(this.operation);
  }

  /** Set when the upload can no longer be kept and must be stopped before it is whole: the text for the client. */
  get refusal(): string | undefined {
    if (this.#writer?.failure === undefined || !this.strict) return undefined;
    return refusalText("the spool of captures is full or cannot be written");
  }

  append(piece: Buffer): boolean {
    return this.#writer?.append(piece) ?? true;
  }

  async room(): Promise<void> {
    await this.#writer?.room();
  }

  /** The body is whole: writes it down; where it is `strict`, durably. */
  sent(): Promise<void> {
    this.#sent ??= this.#writer?.sent(this.strict) ?? Promise.resolve();
    return this.#sent;
  }

  /** The upload was stopped because it could not be kept. */
  async refused(): Promise<void> {
    const { alarm } = this.#options;
    const key = shownKey(this.operation, this.#facts);
    this.#instance.counts.refused++;
    alarm({
      kind: "upload-refused",
      source: this.#facts.source,
      key,
      message: `${this.operation.name} was stopped on its way: the spool is full or cannot be written.`,
    });
    await this.#writer?.discard();
  }

  /** The service refused the request, or never had it whole. */
  async dropped(): Promise<void> {
    this.#instance.counts.dropped++;
    await this.#writer?.discard();
  }

  async accepted(status: number, answer: unknown): Promise<void> {
    await this.#keep({ status, at: this.#at(), ...(answer === undefined ? {} : { answer }) });
    this.#instance.counts.accepted++;
  }

  /** The service had the whole request; what it answered is not known. */
  async uncertain(): Promise<void> {
    await this.#keep({ at: this.#at() });
    this.#instance.counts.uncertain++;
  }

  async #keep(answer: AnswerFacts): Promise<void> {
    let why = this.#skipped;
    if (this.#writer !== undefined) {
      try {
        await this.#writer.accept(answer);
        return;
      } catch (error) {
        why = errorText(error);
        await this.#writer.discard();
      }
    }
    await this.#mark(answer, why ?? "it could not be written");
  }

  /** Says durably that the service holds what the repository will not have. */
  async #mark(answer: AnswerFacts, why: string): Promise<void> {
    const { spool, alarm } = this.#options;
    this.#instance.counts.incomplete++;
    let marked = "";
    const mark = spool.begin(this.#facts, true);
    try {
      await mark.sent(false);
      await mark.accept({ ...answer, incomplete: why });
    } catch (error) {
      await mark.discard();
      marked = ` Not even a mark of it could be written (${errorText(error)}): write it down by hand.`;
    }
    const key = shownKey(this.operation, this.#facts);
    alarm({
      kind: "capture-incomplete",
      source: this.#facts.source,
      key,
      message: `${this.operation.name} was accepted by the service but not kept: ${why}.${marked}`,
    });
  }

  #at(): string {
    return new Date(this.#options.now()).toISOString();
  }
}

function refusalText(missing: string): string {
  return `Refused by the Holdfast gateway: ${missing}, and what the service is given now could never be recovered. Nothing was sent to the service; try again later.`;
}
