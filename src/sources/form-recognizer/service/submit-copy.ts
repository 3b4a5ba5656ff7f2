/**
 * Handing a copy in: the one request that must not be sent twice unless it is certain that the first one was not taken.
 */
import type { Millis } from "../../../model/clock.ts";
import { isHoldfastError } from "../../../model/errors.ts";
import { wasNeverSent } from "../../http/answer-failure.ts";
import type { HttpAnswer } from "../../http/http-client.ts";
import { boundedBytes } from "./bounded-answer.ts";
import type { FormClient } from "./client.ts";
import type { CopyTicket } from "./face.ts";

/** A throttled copy is sent again while its ticket has at least this long to live, ms: afterwards a new one is the better choice. */
const LIFE_TO_SPARE_MS: Millis = 5 * 60_000;

/** Consent to a target that is encrypted less than the source. */
const DEGRADE_HEADER = { "x-ms-forms-copy-degrade": "true" };

export interface CopySubmission {
  readonly path: string;
  readonly query?: string;
  readonly purpose: string;
  readonly ticket: CopyTicket;
  readonly degrade: boolean;
  /** Reads the operation out of the link; undefined when it names none. */
  readonly operationOf: (link: string) => string | undefined;
}

/** `unsure`: it may have been accepted. Errors: `target-refused`, `source-*`, all of them certain that nothing was queued. */
export async function submitCopy(
  client: FormClient,
  { path, query, purpose, ticket, degrade, operationOf }: CopySubmission,
  signal: AbortSignal,
): Promise<{ readonly operation: string } | "unsure"> {
  try {
    return await client.exchange(
      {
        method: "POST",
        path,
        ...(query === undefined ? {} : { query }),
        purpose,
        body: ticket.payload,
        secrets: [ticket.secret],
        repeatUntil: ticket.expires - LIFE_TO_SPARE_MS,
        ...(degrade ? { headers: DEGRADE_HEADER } : {}),
      },
      async (answer) => {
        const link = answer.headers["operation-location"];
        await drain(answer);
        const operation = link === undefined ? undefined : operationOf(link);
        return operation === undefined ? "unsure" : { operation };
      },
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    if (isHoldfastError(error, "source-unreachable") && !wasNeverSent(error.cause)) return "unsure";
    throw error;
  }
}

/** The acceptance is in the head: what happens to the (empty) body does not matter. */
async function drain(answer: HttpAnswer): Promise<void> {
  try {
    await boundedBytes(answer);
  } catch (error) {
    if (!isHoldfastError(error, "source-unreachable")) throw error;
  }
}
