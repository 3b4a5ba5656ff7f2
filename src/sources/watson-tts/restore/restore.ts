/**
 * Puts an instance's custom models back: in place, where a model that still exists keeps its id, or into another instance, where the id map
 * tells which model stands for which. Models with their words first, then speakers, then prompts, then what is newer than the instant.
 *
 * Repeating a restore is safe at any time and makes nothing twice. Every word that was written is read back before its outcome is told. A
 * preview takes the same way and leaves the writing out.
 */
import { HoldfastError } from "../../../model/errors.ts";
import type { ItemKey } from "../../../model/key.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import { groupByModel } from "../../watson/model-groups.ts";
import { requireCollection } from "../capture.ts";
import type { TtsService } from "../service.ts";
import { Target } from "../target.ts";
import { restoreNewer } from "./newer.ts";
import { Archival } from "./originals.ts";
import { restoreModel } from "./restore-model.ts";
import { restorePrompts, type LaterPrompts } from "./restore-prompts.ts";
import { restoreSpeaker } from "./restore-speakers.ts";
import { same, type TtsRestore } from "./run.ts";

/**
 * Throws `usage`, `target-not-empty` before anything is written, and what the service or the timeline throws at any time; what one item does
 * wrong is its outcome.
 */
export async function* restoreTts(
  service: TtsService,
  request: RestoreRequest,
  context: SourceContext,
): AsyncGenerator<RestoreOutcome> {
  requireCollection(request.target);
  if (request.mode === "exact") {
    throw new HoldfastError(
      "usage",
      "Text to Speech keeps no history that an exact restore could rewrite: leave the mode out.",
    );
  }
  const target = await Target.read(service, request.ids, context.signal);
  const run: TtsRestore = { service, request, context, target };
  requireEmpty(run);
  yield* new Restore(run).outcomes();
}

class Restore {
  readonly #run: TtsRestore;
  readonly #prompts: LaterPrompts[] = [];
  readonly #speakers: { readonly id: string; readonly key: ItemKey }[] = [];
  readonly #seenModels = new Set<string>();
  #done = 0;

  constructor(run: TtsRestore) {
    this.#run = run;
  }

  async *outcomes(): AsyncGenerator<RestoreOutcome> {
    yield* this.#models();
    const archival = new Archival();
    const { request } = this.#run;
    for (const { id, key } of this.#speakers) {
      const [version] = await request.reader.find([key]);
      if (version !== undefined) yield await restoreSpeaker(this.#run, archival, { id, version });
    }
    for (const prompts of this.#prompts) yield* restorePrompts(this.#run, archival, prompts);
    if (request.whole && request.mode === "content") {
      yield* restoreNewer(this.#run, {
        models: this.#seenModels,
        speakers: new Set(this.#speakers.map(({ id }) => id)),
      });
    }
  }

  async *#models(): AsyncGenerator<RestoreOutcome> {
    const { request, context } = this.#run;
    for await (const group of groupByModel(request.reader.versions())) {
      context.signal.throwIfAborted();
      if (group.kind === "single") {
        const { parsed, version } = group;
        // Only their keys are held. Captures are what is restored from; they are at no service.
        if (parsed?.kind === "speaker") this.#speakers.push({ id: parsed.id, key: version.key });
        else yield same(version.key);
        continue;
      }
      this.#seenModels.add(group.named.id);
      yield* restoreModel(this.#run, group);
      const prompts = group.version?.kind === "deleted" ? [] : group.resources.prompts;
      if (prompts.length > 0) {
        this.#prompts.push({ model: group.named, keys: prompts.map(({ version }) => version.key) });
      }
      this.#done++;
      context.progress?.({ phase: request.apply ? "restore" : "preview", done: this.#done, bytes: 0 });
    }
  }
}

/** Models that this timeline has not brought there are somebody's: they are not mixed with a whole copy unasked. */
function requireEmpty({ request, target, service }: TtsRestore): void {
  if (request.mode !== "replica" || !request.whole || request.merge) return;
  const foreign = [...target.models.values()].filter(({ value }) => !target.isOurs(value.customization_id));
  const [first] = foreign;
  if (first === undefined) return;
  throw new HoldfastError(
    "target-not-empty",
    `${service.client.http.address.shown} already has ${foreign.length} custom models that this timeline did not bring there, ` +
      `among them "${first.value.name}".`,
  );
}
