/**
 * Which items are documents, and which have their own place in the order of a restore.
 */
import type { ItemKey } from "../../../model/key.ts";
import { DESIGN_PREFIX, isDocumentKey, SECURITY_KEY, SETTINGS_KEY } from "../items.ts";

export type ItemKind = "document" | "design" | "local" | "security" | "settings";

export function itemKind(key: ItemKey): ItemKind {
  if (isDocumentKey(key)) {
    return key.toString("latin1", 0, DESIGN_PREFIX.length) === DESIGN_PREFIX ? "design" : "document";
  }
  if (key.equals(SECURITY_KEY)) return "security";
  return key.equals(SETTINGS_KEY) ? "settings" : "local";
}
