import type { SourceCheck, SourceContext } from "../source.ts";
import type { FormResource } from "./resource.ts";

export async function checkFormSource(
  _resource: FormResource,
  _context: SourceContext,
): Promise<SourceCheck> {
  throw new Error("being written");
}
