/**
 * Whether each model and classifier could be rebuilt from the timeline alone. A model itself never leaves the service, so the best that there is
 * is a similar one, trained again from the kept data: `degraded`. A standby's live copies are not counted here; without training data they are
 * the only way back.
 */
import { keyText, type ItemKey } from "../../model/key.ts";
import type { Verdict } from "../../model/verdict.ts";
import type { Version } from "../../model/version.ts";
import type { Readiness, VersionReader } from "../source.ts";
import type { TrainingNote } from "./data/face.ts";
import { modelKey, parseKey, trainingKey, type ModelRef } from "./keys.ts";
import { partsOf } from "./restore/compose.ts";
import { keptModel, type KeptModel } from "./restore/kept-model.ts";
import { keptFiles } from "./restore/kept-training.ts";

/** A template takes minutes, a neural model up to an hour or more (specification §10a: minutes to hours); at least, ms. */
const TEMPLATE_TRAINING_MS = 300_000;
const NEURAL_TRAINING_MS = 3_600_000;

/** The day on which the service ends v2.x, and with it every training there (specification §1). */
const END_OF_V2 = "2027-09-15";

const VERDICTS: readonly Verdict[] = ["complete", "degraded", "partial", "lost"];

const ONLY_A_COPY = "Only a live copy in a standby can bring it back.";

interface Lack {
  readonly verdict: Verdict;
  readonly key: ItemKey;
  readonly what: string;
}

interface Judged {
  readonly lacks: readonly Lack[];
  readonly estimateMs: number;
}

export async function* formReadiness(_collection: string, reader: VersionReader): AsyncGenerator<Readiness> {
  for await (const versions of reader.versions()) {
    for (const version of versions) {
      const parsed = parseKey(version.key);
      const kept = parsed?.what === "model" ? keptModel(refOf(parsed), version) : undefined;
      // What failed to be trained is kept as a fact; there is nothing to rebuild.
      if (kept === undefined || kept.details.status !== "ready") continue;
      yield readiness(kept, await judge(reader, kept, new Set()));
    }
  }
}

function refOf({ kind, id }: ModelRef): ModelRef {
  return { kind, id };
}

function readiness({ key, details }: KeptModel, { lacks, estimateMs }: Judged): Readiness {
  const worstFirst = lacks.toSorted((a, b) => rank(b.verdict) - rank(a.verdict));
  const verdict = worstFirst[0]?.verdict ?? "complete";
  const missing: Readiness["missing"][number][] = worstFirst.map(({ key: of, what }) => ({ key: of, what }));
  missing.push(...remarks(details, verdict));
  return { key, verdict, missing, ...(verdict === "lost" ? {} : { estimateMs }) };
}

function rank(verdict: Verdict): number {
  return VERDICTS.indexOf(verdict);
}

/** What worsens nothing today and has a date. */
function remarks(
  { expires, apiVersion }: KeptModel["details"],
  verdict: Verdict,
): { readonly what: string }[] {
  return [
    ...(expires === undefined
      ? []
      : [
          {
            what: `It expires on ${expires.slice(0, "2026-01-01".length)}, and every copy of it with it: train it again before.`,
          },
        ]),
    ...(apiVersion.startsWith("v2") && verdict !== "lost"
      ? [
          {
            what: `It can be trained again until ${END_OF_V2}, when the service ends v2.x; later only with a newer version of the API.`,
          },
        ]
      : []),
  ];
}

/** `above`: the composed models that this one is part of, so that none is judged by itself. */
async function judge(reader: VersionReader, kept: KeptModel, above: ReadonlySet<string>): Promise<Judged> {
  return kept.details.composed ? await judgeParts(reader, kept, above) : await judgeTraining(reader, kept);
}

async function judgeParts(
  reader: VersionReader,
  kept: KeptModel,
  above: ReadonlySet<string>,
): Promise<Judged> {
  const { key } = kept;
  const parts = await partsOf({ request: { reader } }, kept);
  if (parts.length === 0) {
    const what = `Nothing tells what ${keyText(key)} is composed of, so it cannot be composed again. ${ONLY_A_COPY}`;
    return { lacks: [{ verdict: "lost", key, what }], estimateMs: 0 };
  }
  const lacks: Lack[] = [];
  let estimateMs = 0;
  const here = new Set([...above, keyText(key)]);
  const versions = await reader.find(parts.map(modelKey));
  for (const [at, ref] of parts.entries()) {
    const part = keptModel(ref, versions[at]);
    if (part === undefined || here.has(keyText(part.key))) {
      const what = `Its part ${keyText(modelKey(ref))} is not kept. ${ONLY_A_COPY}`;
      lacks.push({ verdict: "lost", key: modelKey(ref), what });
      continue;
    }
    const judged = await judge(reader, part, here);
    lacks.push(...judged.lacks);
    estimateMs += judged.estimateMs;
  }
  return { lacks, estimateMs };
}

async function judgeTraining(reader: VersionReader, kept: KeptModel): Promise<Judged> {
  const { key, details } = kept;
  const estimateMs = details.buildMode === "neural" ? NEURAL_TRAINING_MS : TEMPLATE_TRAINING_MS;
  const lack = (verdict: Verdict, what: string): Judged => ({ lacks: [{ verdict, key, what }], estimateMs });
  const [version] = await reader.find([trainingKey(kept.ref)]);
  const note = noteIn(version);
  if (note === undefined || note.evidence === "unknown" || note.files === 0) {
    const doubts = note === undefined || note.doubts.length === 0 ? "" : ` (${note.doubts.join("; ")})`;
    return lack(
      "lost",
      `The data that ${keyText(key)} was trained from are not kept${doubts}. ${ONLY_A_COPY}`,
    );
  }
  if (note.version !== kept.versionKey) {
    return lack(
      "lost",
      `The training data that are kept belong to another training of ${keyText(key)}. ${ONLY_A_COPY}`,
    );
  }
  let files = 0;
  for await (const _ of keptFiles(reader, kept.ref)) files++;
  if (files < note.files) {
    const what = `Only ${files} of the ${note.files} files that ${keyText(key)} was trained from are kept: it cannot be trained as it was.`;
    return lack("partial", what);
  }
  if (note.evidence === "changed-since") {
    const doubts = note.doubts.length === 0 ? "" : `: ${note.doubts.join("; ")}`;
    return lack(
      "partial",
      `Files of its training data changed between the training of ${keyText(key)} and their capture${doubts}.`,
    );
  }
  const sure =
    note.evidence === "proved"
      ? ""
      : " No file of its data is newer than the training, but some may have been removed since.";
  return lack(
    "degraded",
    `${keyText(key)} can be trained again from ${note.files} kept files: that makes a similar model, not the same one.${sure}`,
  );
}

function noteIn(version: Version | undefined): TrainingNote | undefined {
  const part = version?.kind === "live" ? version.parts[0] : undefined;
  return part === undefined ? undefined : (JSON.parse(part.toString("utf8")) as TrainingNote);
}
