/**
 * Which models are still to be tied to their training data in this run: those whose present version was never looked for, in any run.
 */
import type { CapturedVersion } from "../../../model/version.ts";
import type { CaptureEngine, SourceContext } from "../../source.ts";
import type { OpenDataSet, TrainingNote } from "../data/face.ts";
import { tieTraining } from "../data/tie-training.ts";
import { parseKey, type ModelRef } from "../keys.ts";
import type { FormService } from "../service/face.ts";
import { versionKeyOf } from "../version-key.ts";
import type { Memory } from "./memory.ts";

export class Ties {
  /** Models that were dealt with. */
  done = 0;
  readonly #service: FormService;
  readonly #memory: Memory;
  readonly #sets: readonly OpenDataSet[];

  constructor(service: FormService, memory: Memory, sets: readonly OpenDataSet[]) {
    this.#service = service;
    this.#memory = memory;
    this.#sets = sets;
  }

  /** Called after the data sets were captured. */
  async *versions(engine: CaptureEngine, context: SourceContext): AsyncGenerator<readonly CapturedVersion[]> {
    const untied = this.#memory.untied();
    for (const ref of untied) {
      yield* this.#tie(ref, engine, context);
      this.done++;
      context.progress?.({ phase: "training data", done: this.done, total: untied.length, bytes: 0 });
    }
  }

  async *#tie(
    ref: ModelRef,
    engine: CaptureEngine,
    context: SourceContext,
  ): AsyncGenerator<readonly CapturedVersion[]> {
    const model = await this.#service.details(ref, context.signal);
    // Gone meanwhile: the next run's list tells.
    if (model === undefined) return;
    const version = versionKeyOf(model);
    let sought: "found" | "unknown" | "unreadable" = "found";
    // An invalid model learnt nothing.
    if (model.status === "ready") {
      for await (const versions of tieTraining(model, version, this.#sets, engine, context)) {
        for (const note of versions.flatMap(notesIn)) {
          if (note.evidence === "unknown") sought = note.set === undefined ? "unknown" : "unreadable";
        }
        yield versions;
      }
    }
    if (sought !== "unreadable") this.#memory.tied(ref, version, sought === "found");
  }
}

function notesIn({ key, kind, parts: [note] }: CapturedVersion): TrainingNote[] {
  if (kind !== "live" || note === undefined || parseKey(key)?.what !== "training") return [];
  return [JSON.parse(note.toString("utf8")) as TrainingNote];
}
