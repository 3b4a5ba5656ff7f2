/**
 * Telling what concerns one item (the service refused it, its kept content is damaged) from what concerns everything.
 */
import { isHoldfastError } from "../../model/errors.ts";
import { refusalOf } from "../http/answer-failure.ts";

/** The target's own words when it refused one item; anything else is thrown on. */
export function refusal(error: unknown): string {
  if (!isHoldfastError(error, "source-protocol", "target-refused", "object-missing", "object-damaged")) {
    throw error;
  }
  const answer = refusalOf(error);
  return answer === undefined || answer.reason === "" ? error.message : answer.reason;
}
