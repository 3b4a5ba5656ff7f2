/**
 * How the items of this kind are chosen and shown.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { Version } from "../../model/version.ts";
import type { CopyStep } from "../live-copies.ts";
import { parseKey } from "./keys.ts";
import { keptModel } from "./restore/kept-model.ts";

export const FORM_TRAITS = {
  /** Of files: the store moves them when the same content is written again; length and digest tell a change. */
  bookkeeping: ["etag", "lastModified"],
  partition(): never {
    throw new HoldfastError("usage", "Form Recognizer has no partitions: choose items or a prefix.");
  },
  selector(): never {
    throw new HoldfastError("usage", "A selector is for documents: choose items or a prefix.");
  },
  isSetting: () => false,
  remedy: "name its training data (dataSets), or keep a standby (holdfast standby add)",
  copied: {
    stateOf(version: Version): string | undefined {
      const key = parseKey(version.key);
      if (key?.what !== "model") return undefined;
      return keptModel({ kind: key.kind, id: key.id }, version)?.versionKey;
    },
    itemOf: ({ key, target }: Pick<CopyStep, "key" | "target">): string =>
      `${key.slice(0, key.indexOf("/"))}/${target}`,
  },
} as const;
