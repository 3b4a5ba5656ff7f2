/**
 * The calls of asynchronous recognition: jobs, and the registration of callback addresses. A user secret travels in the query of its call,
 * which appears in no message.
 */
import { HoldfastError, isHoldfastError } from "../../../model/errors.ts";
import type { BlobRef } from "../../../model/version.ts";
import type { SourceContext, VersionReader } from "../../source.ts";
import { component, type WatsonClient, type WatsonRequest } from "../../watson/client.ts";
import type { CaptureNote } from "../../watson/captures.ts";
import { labelOf } from "../model-calls.ts";
import { jobOf, type Job } from "./job.ts";

const JOBS = "/v1/recognitions";

/** A recording to be recognised, with the parameters of the job. */
export interface Submission {
  readonly note: CaptureNote;
  /** Decoded parameters, with the target's own model ids. */
  readonly query: NonNullable<WatsonRequest["query"]>;
  readonly content: BlobRef;
  readonly reader: Pick<VersionReader, "blob">;
}

export class JobCalls {
  readonly #client: WatsonClient;
  readonly #context: SourceContext;

  constructor(client: WatsonClient, context: SourceContext) {
    this.#client = client;
    this.#context = context;
  }

  /** The latest hundred that are outstanding. */
  async jobs(): Promise<Job[]> {
    const about = { purpose: "list the recognition jobs" };
    const elements = await this.#client.listRaw(JOBS, "recognitions", about, this.#context.signal);
    return elements.map((element) => jobOf(element));
  }

  /** With its results; undefined when the service does not know it (any more). */
  async job(id: string): Promise<Job | undefined> {
    try {
      const raw = await this.#client.raw(
        {
          method: "GET",
          path: `${JOBS}/${component(id)}`,
          purpose: `read recognition job ${id}`,
          repeatable: true,
        },
        this.#context.signal,
      );
      return jobOf(raw, id);
    } catch (error) {
      if (isHoldfastError(error, "source-not-found")) return undefined;
      throw error;
    }
  }

  /** Sent once. Errors: `source-unreachable` when it is open whether a job was made. */
  async submit({ note, query, content, reader }: Submission): Promise<string> {
    const answer = (await this.#client.json(
      {
        method: "POST",
        path: JOBS,
        query,
        headers: {
          "content-type": note.contentType ?? "application/octet-stream",
          ...labelOf(note.customer),
        },
        body: { length: content.length, open: () => reader.blob(content) },
        purpose: "submit a recognition job",
        repeatable: false,
        class: "write",
      },
      this.#context.signal,
    )) as { id?: unknown } | undefined;
    const id = answer?.id;
    if (typeof id === "string" && id !== "") return id;
    throw new HoldfastError("source-unreachable", "the service did not say which job it made");
  }

  /**
   * The service asks the address at once whether it wants this. True: it is registered now; false: it was already. Errors:
   * `source-protocol` with the service's words when the address did not answer as it must.
   */
  async register(url: string, secret: string | undefined, customer: string | undefined): Promise<boolean> {
    return await this.#client.exchange(
      {
        method: "POST",
        path: "/v1/register_callback",
        query: { callback_url: url, user_secret: secret },
        headers: labelOf(customer),
        ...(secret === undefined ? {} : { secrets: [secret] }),
        purpose: `register callback ${url}`,
        // A second registration of an address changes nothing.
        repeatable: true,
        class: "write",
      },
      async ({ status }) => status === NEWLY_REGISTERED,
      this.#context.signal,
    );
  }

  /** The service forgets the address and its secret. One that it does not know is fine. */
  async unregister(url: string): Promise<void> {
    const request: WatsonRequest = {
      method: "POST",
      path: "/v1/unregister_callback",
      query: { callback_url: url },
      purpose: `unregister callback ${url}`,
      repeatable: true,
      class: "write",
    };
    try {
      await this.#client.json(request, this.#context.signal);
    } catch (error) {
      if (!isHoldfastError(error, "source-not-found")) throw error;
    }
  }
}

const NEWLY_REGISTERED = 201;
