import type { CaptureEvent, CaptureRequest, SourceContext } from "../../source.ts";
import type { FormResource } from "../resource.ts";

export async function* captureResource(
  _resource: FormResource,
  _request: CaptureRequest,
  _context: SourceContext,
): AsyncGenerator<CaptureEvent> {
  throw new Error("being written");
}
