/**
 * Versions of what the services list: the body is the listing's element byte for byte, the state what of it matters, so that bookkeeping alone
 * makes no new version.
 */
import type { ItemKey } from "../../model/key.ts";
import type { CapturedVersion } from "../../model/version.ts";
import { canonicalBytes } from "../../model/json/canonical.ts";

/** `without`: members that the service moves by itself. `revision`: `updated` or `last_modified`, where the element has one. */
export function listedVersion(
  key: ItemKey,
  element: Buffer,
  { without = [], revision = "" }: { readonly without?: readonly string[]; readonly revision?: string } = {},
): CapturedVersion {
  return {
    key,
    kind: "live",
    revision,
    state: canonicalBytes(element, without),
    parts: [element],
    blobs: [],
  };
}
