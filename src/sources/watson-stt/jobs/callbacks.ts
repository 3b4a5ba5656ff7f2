/**
 * Registering callback addresses again. The service cannot list them, so what was registered is known from captures, and what a restore
 * has registered already from the id map.
 */
import { createHash } from "node:crypto";
import type { Millis } from "../../../model/clock.ts";
import { keyText } from "../../../model/key.ts";
import type { Version } from "../../../model/version.ts";
import { pause } from "../../http/backoff.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import { readCapture } from "../../watson/captures.ts";
import { refusal } from "../refusal.ts";
import type { JobCalls } from "./calls.ts";

/** The group under which registrations are noted. */
const CALLBACK_GROUP = "callback";

/** The service allows so many registrations in an hour. */
const REGISTRATIONS = 20;
const HOUR_MS = 3_600_000;

export class CallbackRegistrar {
  readonly #calls: JobCalls;
  readonly #request: RestoreRequest;
  readonly #context: SourceContext;
  /** When this restore registered, the oldest first. */
  readonly #recent: Millis[] = [];

  constructor(calls: JobCalls, request: RestoreRequest, context: SourceContext) {
    this.#calls = calls;
    this.#request = request;
    this.#context = context;
  }

  async restore(url: string, version: Version): Promise<RestoreOutcome> {
    const { key } = version;
    const { apply, ids, reader } = this.#request;
    const { note, secret } = readCapture(version);
    const pieces: Buffer[] = [];
    if (secret !== undefined) for await (const piece of reader.blob(secret)) pieces.push(piece);
    const userSecret = secret === undefined ? undefined : Buffer.concat(pieces).toString("utf8");
    const digest = createHash("sha256")
      .update(`${url}\n${userSecret ?? ""}`)
      .digest("hex");
    const registered = ids?.get(CALLBACK_GROUP, url);
    if (registered === digest) return { key, action: "same" };
    const action = registered === undefined ? "create" : "change";
    if (!apply) return { key, action };
    try {
      await this.#turn();
      // An address that is registered keeps its secret: an earlier restore's is taken away first.
      if (registered !== undefined) await this.#calls.unregister(url);
      const isNew = await this.#calls.register(url, userSecret, note.customer);
      await ids?.set(CALLBACK_GROUP, url, digest);
      if (isNew) return { key, action };
      if (secret !== undefined) {
        this.#context.warn?.(
          "The target knew this address already: whether it signs with the kept secret is not known.",
          keyText(key),
        );
      }
      return { key, action: "same" };
    } catch (error) {
      const why = refusal(error);
      return {
        key,
        action: "failed",
        reason: `${why}. The service asks this address at once: let the application answer there, then repeat this.`,
      };
    }
  }

  /** Waits until the service takes another registration. */
  async #turn(): Promise<void> {
    const { clock, signal, progress } = this.#context;
    const now = clock.now();
    const oldest = this.#recent[this.#recent.length - REGISTRATIONS];
    if (oldest !== undefined && now - oldest < HOUR_MS) {
      progress?.({ phase: "waiting: the service takes 20 registrations an hour", done: 0, bytes: 0 });
      await pause(oldest + HOUR_MS - now, signal);
    }
    this.#recent.push(clock.now());
  }
}
