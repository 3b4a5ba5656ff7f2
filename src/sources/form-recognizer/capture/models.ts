/**
 * Reading the models and classifiers of a resource: the lists tell which changed, and only those are read. What the service is still making, a
 * placeholder of an authorised copy included, is no item: there is nothing to know of it yet.
 */
import type { CapturedVersion } from "../../../model/version.ts";
import type { SourceContext } from "../../source.ts";
import { modelItem } from "../model-item.ts";
import { kindsOf } from "../restore/present-models.ts";
import type { FormService, ListedModel, ModelDetails } from "../service/face.ts";
import { nameOf, type Memory } from "./memory.ts";

/** Details asked for at once; the client's own limits hold beside it. */
const READS_AT_ONCE = 8;

/** Models that were read, to be handed over; nothing when a page had no news. */
export interface ReadModels {
  readonly versions: readonly CapturedVersion[];
  /** Once `versions` are safe: what to remember. */
  readonly read: readonly { readonly listed: ListedModel; readonly details: ModelDetails }[];
}

/** Everything that was listed, in any state. Complete when the generator has returned. */
export interface Present {
  /** `kind/id`. */
  readonly names: Set<string>;
}

export async function* readModels(
  service: FormService,
  memory: Memory,
  everything: boolean,
  context: SourceContext,
  present: Present,
): AsyncGenerator<ReadModels> {
  let bytes = 0;
  for await (const page of service.list(kindsOf(service), context.signal)) {
    for (const listed of page) present.names.add(nameOf(listed));
    const wanted = page.filter(
      (listed) => listed.status !== "creating" && (everything || !memory.isUnchanged(listed)),
    );
    for (let from = 0; from < wanted.length; from += READS_AT_ONCE) {
      const batch = wanted.slice(from, from + READS_AT_ONCE);
      const answers = await Promise.all(batch.map((listed) => service.details(listed, context.signal)));
      const read = batch.flatMap((listed, at) => {
        const details = answers[at];
        // Gone since it was listed, or begun anew: the next run's list tells which.
        return details === undefined || details.status === "creating" ? [] : [{ listed, details }];
      });
      for (const { details } of read) bytes += details.raw.length;
      if (read.length > 0) yield { versions: read.map(({ details }) => modelItem(details)), read };
    }
    context.progress?.({ phase: "models", done: present.names.size, bytes });
  }
}
