/**
 * How the items of this kind are chosen and shown.
 */
import { HoldfastError } from "../../model/errors.ts";

export const FORM_TRAITS = {
  bookkeeping: [],
  partition(): never {
    throw new HoldfastError("usage", "Form Recognizer has no partitions: choose items or a prefix.");
  },
  selector(): never {
    throw new HoldfastError("usage", "A selector is for documents: choose items or a prefix.");
  },
  isSetting: () => false,
} as const;
