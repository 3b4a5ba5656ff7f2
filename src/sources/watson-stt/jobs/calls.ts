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

/** Jobs that the service lists at most. */
export const LISTED_JOBS = 100;

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

  /** The latest that are outstanding, up to `LISTED_JOBS`. */
  async jobs(): Promise<Job[]> {
    const about = { purpose: "list the recognition jobs" };
    const elements = await this.#client.listRaw(JOBS, "recognitions", about, this.#context.signal);
    return elements.map(jobOf);
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
      // An old installation leaves the id out of this answer.
      return { ...jobOf(withId(raw, id)), raw };
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
}

const NEWLY_REGISTERED = 201;

function withId(raw: Buffer, id: string): Buffer {
  const answer = JSON.parse(raw.toString("utf8")) as Record<string, unknown>;
  return answer["id"] === undefined ? Buffer.from(JSON.stringify({ ...answer, id }), "utf8") : raw;
}
