/**
 * How the items of the Watson kinds are chosen and shown.
 */
import { HoldfastError } from "../../model/errors.ts";
import { keyText, type ItemKey } from "../../model/key.ts";
import type { Version } from "../../model/version.ts";
import { readCapture } from "./captures.ts";
import { parseKey } from "./keys.ts";

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
  remedy: "holdfast capture add",
  addressed: (key: ItemKey): { readonly group: string; readonly kept: string } | undefined => {
    const parsed = parseKey(key);
    const isNamed = parsed?.kind === "model" || parsed?.kind === "speaker";
    return isNamed ? { group: parsed.kind, kept: parsed.id } : undefined;
  },
  /** Somebody registered a file as the original of what was uploaded long ago. What passed the gateway later is another upload. */
  tellsOfEarlier: (version: Version): boolean =>
    keyText(version.key).startsWith("captures/") && readCapture(version).note.by === "command",
} as const;
