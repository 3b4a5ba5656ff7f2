/**
 * Jobs as they are now.
 */
import type { ItemKey } from "../../../model/key.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { SourceContext } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { parseKey } from "../../watson/keys.ts";
import { JobCalls } from "./calls.ts";
import { jobItem } from "./job.ts";

/** In the order of the keys; undefined for what is not there, and for captures, which no service holds. */
export async function readJobItems(
  client: WatsonClient,
  keys: readonly ItemKey[],
  context: SourceContext,
): Promise<(CapturedVersion | undefined)[]> {
  const calls = new JobCalls(client, context);
  const found: (CapturedVersion | undefined)[] = [];
  for (const key of keys) {
    const parsed = parseKey(key);
    const job = parsed?.kind === "job" ? await calls.job(parsed.id) : undefined;
    found.push(job && jobItem(job));
  }
  return found;
}
