/**
 * How the items of the Watson kinds are chosen and shown.
 */
import { HoldfastError } from "../../model/errors.ts";

export const WATSON_TRAITS = {
  /** The service moves them by itself. */
  bookkeeping: ["created", "updated", "last_modified", "progress"],
  partition(): never {
    throw new HoldfastError("usage", "Watson services have no partitions: choose items or a prefix.");
  },
  selector(): never {
    throw new HoldfastError("usage", "A selector is for documents: choose items or a prefix.");
  },
  isSetting: () => false,
} as const;
