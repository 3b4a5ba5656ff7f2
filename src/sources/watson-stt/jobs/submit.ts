/**
 * Submitting a captured job once more. The service chooses the id, so a broken connection leaves open whether a job came to be: before it
 * is asked, that is noted durably, and whoever comes back looks for a job that is new since and bears the same token.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import { keyText } from "../../../model/key.ts";
import type { Version } from "../../../model/version.ts";
import { refusalOf } from "../../http/answer-failure.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import { readCapture, type CaptureNote } from "../../watson/captures.ts";
import { MODEL_GROUP } from "../make-model.ts";
import { refusal } from "../refusal.ts";
import type { JobCalls, Submission } from "./calls.ts";

/** The group under which jobs are mapped. */
export const JOB_GROUP = "job";

/** The group of jobs that were asked for and not yet found: the ids that were listed before, as JSON; empty once the service has refused. */
const BEGUN_GROUP = "job-begun";

/** Submissions sent in all while their answers are lost. */
const ATTEMPTS = 3;

/** Parameters that name custom models; the last is the old name of the first. */
const MODEL_PARAMETERS: readonly string[] = [
  "language_customization_id",
  "acoustic_customization_id",
  "customization_id",
];

export class JobSubmitter {
  readonly #calls: JobCalls;
  readonly #request: RestoreRequest;
  readonly #context: SourceContext;

  constructor(calls: JobCalls, request: RestoreRequest, context: SourceContext) {
    this.#calls = calls;
    this.#request = request;
    this.#context = context;
  }

  /** `id`: the job's at the source. */
  async restore(id: string, version: Version): Promise<RestoreOutcome> {
    const { key } = version;
    const { ids, apply } = this.#request;
    const known = ids?.get(JOB_GROUP, id);
    if (known !== undefined) return { key, action: "same", mapped: mapped(id, known) };
    if ((await this.#calls.job(id)) !== undefined) return { key, action: "same", mapped: mapped(id, id) };
    const { note, content } = readCapture(version);
    if (content === undefined || note.incomplete !== undefined) {
      return { key, action: "failed", reason: "not recoverable: its audio is not kept" };
    }
    if (!apply) return { key, action: "create" };
    try {
      const submission = { note, content, reader: this.#request.reader, query: this.#query(note) };
      const made = await this.#submit(id, submission, keyText(key));
      await ids?.set(JOB_GROUP, id, made);
      return { key, action: "create", mapped: mapped(id, made) };
    } catch (error) {
      return { key, action: "failed", reason: reasonOf(error) };
    }
  }

  async #submit(id: string, submission: Submission, item: string): Promise<string> {
    const { ids } = this.#request;
    const { user_token: given = "", callback_url: url } = submission.note.query;
    // Without a callback the service ignores the token.
    const token = url === undefined ? "" : given;
    const begun = ids?.get(BEGUN_GROUP, id) ?? "";
    let before: ReadonlySet<string>;
    if (begun === "") {
      before = new Set((await this.#calls.jobs()).map((job) => job.id));
      await ids?.set(BEGUN_GROUP, id, JSON.stringify([...before]));
    } else {
      before = new Set(JSON.parse(begun) as string[]);
      const found = await this.#newSince(before, token);
      if (found !== undefined) return found;
    }
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#calls.submit(submission);
      } catch (error) {
        // Refused at first: there is no job, and one that appears until this is repeated is the application's own.
        if (begun === "" && attempt === 1 && refusalOf(error)?.passing === false) {
          await ids?.set(BEGUN_GROUP, id, "");
        }
        if (!isHoldfastError(error, "source-unreachable") || attempt === ATTEMPTS) throw error;
        const found = await this.#newSince(before, token);
        if (found !== undefined) return found;
        this.#context.warn?.("The service's answer to a submission was lost: the job may run twice.", item);
      }
    }
  }

  /**
   * The one job that is new, is nobody's yet and bears the token; undefined where that is not certain. Without a token any new job may be an
   * application's own, and taking it for this one would lose this one: better twice than not at all.
   */
  async #newSince(before: ReadonlySet<string>, token: string): Promise<string | undefined> {
    if (token === "") return undefined;
    const taken = new Set((this.#request.ids?.all() ?? []).map(({ target }) => target));
    const candidates = (await this.#calls.jobs()).filter(
      (job) => !before.has(job.id) && !taken.has(job.id) && job.userToken === token,
    );
    return candidates.length === 1 ? candidates[0]?.id : undefined;
  }

  /** As it was submitted, with the models of the target. */
  #query({ query }: CaptureNote): Record<string, string> {
    const translated = Object.entries(query).map(([name, value]) => {
      const id = MODEL_PARAMETERS.includes(name) ? this.#request.ids?.get(MODEL_GROUP, value) : undefined;
      return [name, id ?? value] as const;
    });
    return Object.fromEntries(translated);
  }
}

function mapped(kept: string, target: string): NonNullable<RestoreOutcome["mapped"]> {
  return { group: JOB_GROUP, kept, target };
}

/** A model that is not there is the job's own trouble, not the restore's. */
function reasonOf(error: unknown): string {
  if (!isHoldfastError(error, "source-unauthorized", "source-not-found")) return refusal(error);
  return `${error.message}. It uses a custom model: restore language-models and acoustic-models first, then repeat this.`;
}
