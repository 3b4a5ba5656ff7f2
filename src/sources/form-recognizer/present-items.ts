import type { ItemKey } from "../../model/key.ts";
import type { CapturedVersion } from "../../model/version.ts";
import type { SourceContext } from "../source.ts";
import type { FormResource } from "./resource.ts";

export async function readPresentItems(
  _resource: FormResource,
  _keys: readonly ItemKey[],
  _context: SourceContext,
): Promise<(CapturedVersion | undefined)[]> {
  throw new Error("being written");
}
