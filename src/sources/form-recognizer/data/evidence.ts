/**
 * How sure it is that the files found are those that a model was trained from, and why not surer.
 */
import type { Millis } from "../../../model/clock.ts";
import type { ModelDetails } from "../service/face.ts";
import type { BlobEntry, OpenDataSet, TrainingEvidence } from "./face.ts";
import type { TrainingSource } from "./training-source.ts";

/** Names in one sentence; beyond them only their number is told. */
const MOST_NAMED = 20;

/**
 * How long a build may have been running when it ended, ms: the vendor speaks of minutes for templates and of up to an hour for neural models,
 * unless more was paid for, which v4 tells.
 */
const BUILD_MS = 3_600_000;
const HOUR_MS = 3_600_000;

export class Evidence {
  /** The training took the files in after its begin and before its end. */
  readonly #begun: Millis;
  readonly #ended: Millis;
  readonly #sentences = new Map<string, { readonly names: string[]; count: number }>();
  /** Something differs from what the model was trained from. */
  #differs = false;
  /** A file may have been changed while it was taken in. */
  #mayDiffer = false;
  #found = 0;

  constructor(model: ModelDetails) {
    const { begun, ended } = trainingOf(model);
    this.#begun = begun;
    this.#ended = ended;
  }

  found(entry: BlobEntry): void {
    this.#found++;
    // A time that cannot be read counts as newer.
    if (!(entry.lastModified <= this.#ended)) {
      this.#differs = true;
      this.#doubt("Changed after the training", entry.name);
    } else if (entry.lastModified > this.#begun) {
      this.#mayDiffer = true;
      this.#doubt("Changed shortly before the training ended, perhaps while it ran", entry.name);
    }
  }

  missing(name: string): void {
    this.#differs = true;
    this.#doubt("Not in the data set any more", name);
  }

  unread(name: string): void {
    this.#differs = true;
    this.#doubt("Could not be read", name);
  }

  /** Of two files of one name only one is kept. */
  hidden(name: string): void {
    this.#differs = true;
    this.#doubt("In two data sets by the same name, kept of the first only", name);
  }

  verdict(sources: readonly TrainingSource[]): TrainingEvidence {
    const known = sources.filter(({ open }) => open !== undefined);
    if (known.length === 0) return "unknown";
    if (this.#differs || this.#found === 0 || known.length < sources.length) return "changed-since";
    return !this.#mayDiffer && known.every((source) => this.#isPinned(source)) ? "proved" : "unchanged";
  }

  doubts(sources: readonly TrainingSource[]): string[] {
    const unknown = sources.flatMap(({ docType, why }) => {
      if (why === undefined) return [];
      return [docType === undefined ? why : `Document type ${docType}: ${why}`];
    });
    const seen = [...this.#sentences].map(([what, { names, count }]) => {
      const more = count > names.length ? `, and ${count - names.length} more` : "";
      return `${what}: ${names.join(", ")}${more}`;
    });
    const nothing = this.#found === 0 && unknown.length < sources.length;
    return [...unknown, ...(nothing ? ["There is no file of it any more"] : []), ...seen];
  }

  /** Its files are known by name, or the whole set was captured before the training and has not changed. */
  #isPinned({ documents, fileList, open, prefix }: TrainingSource): boolean {
    if (documents !== undefined || fileList !== undefined) return true;
    if (open === undefined || !covers(open, prefix)) return false;
    const { since, until } = open.memory;
    return since <= this.#begun && this.#ended <= until;
  }

  #doubt(what: string, name: string): void {
    const doubt = this.#sentences.get(what) ?? { names: [], count: 0 };
    this.#sentences.set(what, doubt);
    doubt.count++;
    if (doubt.names.length < MOST_NAMED) doubt.names.push(name);
  }
}

/**
 * Of v2.x `created` is the begin of the training; later versions show there when the build ended, and, where a model was built anew or copied, as
 * `modified` (a copy's `created` is the time of the copying).
 */
function trainingOf({ apiVersion, created, modified, body }: ModelDetails): {
  readonly begun: Millis;
  readonly ended: Millis;
} {
  const told = Date.parse(apiVersion.startsWith("v2") ? created : (modified ?? created));
  if (apiVersion.startsWith("v2")) return { begun: told, ended: told };
  const hours = body["trainingHours"];
  const took = typeof hours === "number" ? hours * HOUR_MS : 0;
  return { begun: told - Math.max(took, BUILD_MS), ended: told };
}

function covers(
  open: OpenDataSet,
  prefix: string,
): open is OpenDataSet & Required<Pick<OpenDataSet, "memory">> {
  return open.memory !== undefined && prefix.startsWith(open.set.prefix ?? "");
}
