import type { CompareEvent, CompareRequest, SourceContext } from "../source.ts";
import type { FormResource } from "./resource.ts";

export async function* compareResource(
  _resource: FormResource,
  _request: CompareRequest,
  _context: SourceContext,
): AsyncGenerator<CompareEvent> {
  throw new Error("being written");
}
