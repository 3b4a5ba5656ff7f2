/**
 * Named items as they are now: what a restore in place asks for before it overwrites, so that it can be undone.
 */
import type { ItemKey } from "../../model/key.ts";
import type { CapturedVersion } from "../../model/version.ts";
import type { SourceContext } from "../source.ts";
import type { OpenContainer } from "./capture/capture.ts";
import { stateOf } from "./data/blob-version.ts";
import { openContainer } from "./data/container.ts";
import type { Container } from "./data/face.ts";
import { parseKey } from "./keys.ts";
import { modelItem } from "./model-item.ts";
import type { FormResource } from "./resource.ts";

/** Items read at once. */
const READS_AT_ONCE = 8;

/**
 * In the order of the keys; undefined where there is none. What models were trained from is at no service. `blobs` of files is empty, because
 * nothing is stored here.
 */
export async function readPresentItems(
  resource: FormResource,
  keys: readonly ItemKey[],
  context: SourceContext,
  open: OpenContainer = openContainer,
): Promise<(CapturedVersion | undefined)[]> {
  await using opened = new AsyncDisposableStack();
  const containers = new Map<string, Container>();
  for (const set of resource.config.dataSets ?? []) {
    if (keys.some((key) => isIn(set.name, key))) {
      containers.set(set.name, opened.use(open(set, resource.clock)));
    }
  }
  const items: (CapturedVersion | undefined)[] = [];
  for (let from = 0; from < keys.length; from += READS_AT_ONCE) {
    const batch = keys.slice(from, from + READS_AT_ONCE);
    items.push(...(await Promise.all(batch.map((key) => presentItem(resource, containers, key, context)))));
  }
  return items;
}

function isIn(set: string, key: ItemKey): boolean {
  const parsed = parseKey(key);
  return parsed?.what === "data" && parsed.set === set;
}

async function presentItem(
  { service }: FormResource,
  containers: ReadonlyMap<string, Container>,
  key: ItemKey,
  { signal }: SourceContext,
): Promise<CapturedVersion | undefined> {
  const parsed = parseKey(key);
  if (parsed?.what === "model") {
    if (parsed.kind === "classifiers" && !service.traits.classifiers) return undefined;
    const details = await service.details(parsed, signal);
    return details === undefined || details.status === "creating" ? undefined : modelItem(details);
  }
  const container = parsed?.what === "data" ? containers.get(parsed.set) : undefined;
  if (parsed?.what !== "data" || container === undefined) return undefined;
  const entry = await container.find(parsed.blob, signal);
  if (entry === undefined) return undefined;
  const state = stateOf(parsed.set, entry);
  return { key, kind: "live", revision: entry.etag, state, parts: [state], blobs: [] };
}
