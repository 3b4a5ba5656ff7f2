/**
 * Where applications find each model in the target, when the source may be gone: from the ledger and the kept details, asking the target alone. A copy
 * counts only if the target shows it ready now.
 */
import type { CopyLedger, CopyStep, Route } from "../../live-copies.ts";
import type { SourceContext, VersionReader } from "../../source.ts";
import type { Version } from "../../../model/version.ts";
import { keyOf, type ItemKey } from "../../../model/key.ts";
import { equivalence } from "../equivalence.ts";
import { parseKey, type ModelKind } from "../keys.ts";
import type { FormResource } from "../resource.ts";
import { detailsOf } from "../service/details.ts";
import type { ListedModel, ModelDetails } from "../service/face.ts";
import { versionKeyOf } from "../version-key.ts";
import { expiryOf } from "./verify.ts";
import { Journal } from "./journal.ts";
import { carriedMark, carriedMarks, versionMark } from "./lineage.ts";
import { Stock } from "./stock.ts";

/** In byte order of key. */
const KINDS: readonly ModelKind[] = ["classifiers", "models"];

/** Errors: `source-*` when the target does not answer, `object-*`. */
export async function* routesOf(
  resource: FormResource,
  { ledger, reader }: { readonly ledger: CopyLedger; readonly reader: VersionReader },
  context: SourceContext,
): AsyncGenerator<Route> {
  const finder = new RouteFinder(resource, new Journal(ledger), context);
  for (const kind of KINDS) {
    for await (const batch of reader.within(keyOf(`${kind}/`))) {
      for (const version of batch) {
        if (version.kind === "live") yield await finder.routeOf(kind, version);
      }
    }
  }
}

interface Found {
  readonly copy: ModelDetails;
  readonly step?: CopyStep;
}

class RouteFinder {
  readonly #resource: FormResource;
  readonly #journal: Journal;
  readonly #context: SourceContext;
  /** Listed when a copy is looked for that the ledger does not know. */
  #stock: Promise<Stock> | undefined;

  constructor(resource: FormResource, journal: Journal, context: SourceContext) {
    this.#resource = resource;
    this.#journal = journal;
    this.#context = context;
  }

  async routeOf(kind: ModelKind, version: Version): Promise<Route> {
    const key = version.key;
    const kept = keptDetails(kind, version);
    const notReady = kept === undefined || kept.status !== "ready";
    if (notReady) {
      return {
        key,
        state: "missing",
        detail: "It was not ready in the source when it was kept, so there was nothing to copy.",
      };
    }
    const current = versionKeyOf(kept);
    const steps = this.#journal.of(kept);
    for (const step of newestFirst(steps.filter(({ version: of }) => of === current))) {
      const copy = await this.#ready(kind, step.target);
      if (copy !== undefined && this.#isCopyOf(kept, copy, step))
        return readyRoute(key, kept, { copy, step });
    }
    const unknown = await this.#unknownCopy(kept);
    if (unknown !== undefined) return readyRoute(key, kept, { copy: unknown });
    for (const step of newestFirst(steps.filter(({ version: of }) => of !== current))) {
      const copy = WORKED.includes(step.state) ? await this.#ready(kind, step.target) : undefined;
      if (copy !== undefined) return olderRoute(key, kept, { copy, step });
    }
    return { key, state: "missing", detail: whyMissing(kept, steps) };
  }

  async #ready(kind: ModelKind, id: string): Promise<ModelDetails | undefined> {
    const details = await this.#resource.service.details({ kind, id }, this.#context.signal);
    return details?.status === "ready" ? details : undefined;
  }

  /** An id of ours may have been given to another model meanwhile, and one that was never reached may be anybody's. */
  #isCopyOf(kept: ModelDetails, copy: ModelDetails, step: CopyStep): boolean {
    if (this.#resource.service.traits.choosesIds || carriesMarksOf(copy, kept)) return true;
    return step.state !== "authorised" && !equivalence(kept, copy).retrained;
  }

  /** The ledger may be lost, or have been cut off before the copy came. */
  async #unknownCopy(kept: ModelDetails): Promise<ModelDetails | undefined> {
    this.#stock ??= Stock.of(this.#resource.service, this.#context.signal);
    const found: ModelDetails[] = [];
    for (const listed of (await this.#stock).all()) {
      if (listed.status !== "ready" || listed.kind !== kept.kind || !mayBeCopy(listed, kept)) continue;
      const copy = await this.#ready(listed.kind, listed.id);
      if (copy === undefined) continue;
      const { level } = equivalence(kept, copy);
      if (level === "metadata" || carriesMarksOf(copy, kept)) found.push(copy);
    }
    return found.length === 1 ? found[0] : undefined;
  }
}

/** Steps that tell of a copy that worked once. */
const WORKED: readonly CopyStep["state"][] = ["verified", "superseded", "gone"];

/** Worth reading: v2.x carries name and times over, later versions carry marks. */
function mayBeCopy(listed: ListedModel, kept: ModelDetails): boolean {
  if (kept.apiVersion.startsWith("v2")) {
    return listed.name === kept.name && listed.created === kept.created;
  }
  return kept.kind === "classifiers" ? carriedMark(listed) !== undefined : carriesMarksOf(listed, kept);
}

/** The resource that it was copied from cannot be asked for; id and version are proof enough where nothing is deleted. */
function carriesMarksOf(copy: ListedModel, kept: ModelDetails): boolean {
  const marks = carriedMarks(copy);
  return marks?.model === kept.id && marks.version === versionMark(versionKeyOf(kept));
}

function readyRoute(key: ItemKey, kept: ModelDetails, { copy, step }: Found): Route {
  const { level, differences, renamed } = equivalence(kept, copy);
  const detail =
    level === "metadata"
      ? undefined
      : `It is ready, but not equal to what was kept: ${differences.join("; ")}. Analyse a known document before you rely on it.`;
  return {
    ...routed(key, copy, renamed),
    state: "ready",
    version: step?.version ?? versionKeyOf(kept),
    level: level === "metadata" ? "metadata" : "exists",
    ...(detail === undefined ? {} : { detail }),
  };
}

function olderRoute(key: ItemKey, kept: ModelDetails, { copy, step }: Required<Found>): Route {
  const { renamed } = equivalence({ ...kept, body: kept.body }, copy);
  return {
    ...routed(key, copy, renamed),
    state: "older",
    version: step.version,
    ...(step.level === undefined ? {} : { level: step.level }),
    detail: "Only the copy of an earlier state is there: the newest training had not been copied.",
  };
}

function routed(
  key: ItemKey,
  copy: ModelDetails,
  renamed: Readonly<Record<string, string>>,
): Pick<Route, "key" | "target" | "expires" | "renamed"> {
  const expires = expiryOf(copy);
  return {
    key,
    target: copy.id,
    ...(expires === undefined ? {} : { expires }),
    ...(Object.keys(renamed).length === 0 ? {} : { renamed }),
  };
}

function keptDetails(kind: ModelKind, { key, parts }: Version): ModelDetails | undefined {
  const parsed = parseKey(key);
  const raw = parts[0];
  return parsed?.what === "model" && raw !== undefined ? detailsOf({ kind }, raw) : undefined;
}

function newestFirst(steps: readonly CopyStep[]): readonly CopyStep[] {
  return [...steps].sort((a, b) => b.at - a.at);
}

function whyMissing(kept: ModelDetails, steps: readonly CopyStep[]): string {
  const last = newestFirst(steps)[0];
  const todo =
    "Run the standby while the source lives; if it is gone, build the model from the kept training data (`holdfast restore --retrain`).";
  if (last === undefined) {
    const classifier = kept.kind === "classifiers" && kept.apiVersion === "2023-07-31";
    return classifier
      ? `Classifiers of ${kept.apiVersion} cannot be copied. Build it from the kept training data (\`holdfast restore --retrain\`).`
      : `It was never copied. ${todo}`;
  }
  const why = last.detail === undefined ? `the last step known is "${last.state}"` : last.detail;
  return `No copy of it works: ${why}. ${todo}`;
}
