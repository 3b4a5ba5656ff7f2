/**
 * Copying a model back from a standby, by the same steps as into one. They are kept in the id map of the target, so that a copy that was cut off is
 * gone on with.
 */
import { copyOne } from "../copy/copy-one.ts";
import { copyRun, type CopyRun } from "../copy/copy-run.ts";
import type { CopySettings } from "../copy/face.ts";
import { copySide } from "../copy/pair.ts";
import { equivalence } from "../equivalence.ts";
import type { ModelDetails } from "../service/face.ts";
import { versionKeyOf } from "../version-key.ts";
import { CopyNotes } from "./copy-notes.ts";
import type { KeptModel } from "./kept-model.ts";
import type { Made } from "./make-once.ts";
import type { FormRestore } from "./run.ts";

/** What copying into a standby clears away is none of a restore's business. */
const KEEP_EVERYTHING: Omit<CopySettings, "allowDowngrade"> = {
  keepSuperseded: Number.POSITIVE_INFINITY,
  supersededForMs: Number.POSITIVE_INFINITY,
  keepGoneMs: Number.POSITIVE_INFINITY,
};

/** `undefined` where there is no lender. */
export function copiesBack(run: Omit<FormRestore, "copies">): CopyRun | undefined {
  const { lender, resource, request, settings, context, present } = run;
  if (lender === undefined) return undefined;
  return copyRun(
    {
      source: { ...copySide(lender.resource), name: lender.name },
      target: copySide(resource),
      ledger: new CopyNotes(request.ids),
      settings: { ...KEEP_EVERYTHING, allowDowngrade: settings.allowDowngrade },
    },
    context,
    (ref) => present.has(ref),
  );
}

/** Errors: what concerns more than this model. */
export async function copyBack(
  { lender, copies, notes, resource, context }: FormRestore,
  kept: KeptModel,
  lent: ModelDetails,
): Promise<Made> {
  if (copies === undefined) return { failed: "there is no standby to copy it from" };
  const arrived = await arrivedBefore(copies, lent);
  const end =
    arrived === undefined
      ? await copyOne(copies, { model: lent, wanted: kept.ref.id })
      : { state: "verified" as const, step: arrived };
  if (end.state !== "verified") {
    const isUnsafe = end.stop?.code === "restore-unsafe";
    const reason = isUnsafe ? `${end.reason} In a restore it is --setting allowDowngrade=true.` : end.reason;
    // The next one would end in the same way.
    if (end.stop !== undefined) lender?.stop(reason);
    return { failed: reason };
  }
  const ref = { kind: kept.ref.kind, id: end.step.target };
  const model = await resource.service.details(ref, context.signal);
  if (model === undefined) return { failed: `it was copied as ${ref.id}, and the target does not show it` };
  await notes.finish(kept, { id: model.id, version: versionKeyOf(model) });
  return { model };
}

/** A copy that came before the restore could be told of it. */
async function arrivedBefore(
  copies: CopyRun,
  lent: ModelDetails,
): Promise<{ readonly target: string } | undefined> {
  const version = versionKeyOf(lent);
  const { target } = copies.pair;
  for (const step of copies.journal.of(lent)) {
    if (step.state !== "verified" || step.version !== version) continue;
    const ref = { kind: lent.kind, id: step.target };
    const details = await target.service.details(ref, copies.context.signal);
    if (details !== undefined && equivalence(lent, details).level === "metadata") return step;
  }
  return undefined;
}
