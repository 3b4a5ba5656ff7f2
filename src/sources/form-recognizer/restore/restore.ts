import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import type { FormResource } from "../resource.ts";

export async function* restoreResource(
  _resource: FormResource,
  _request: RestoreRequest,
  _context: SourceContext,
): AsyncGenerator<RestoreOutcome> {
  throw new Error("being written");
}
