/**
 * Posts notifications when they are due: signed, one attempt each, those of one callback in order. A slow callback delays nobody
 * else's.
 */
import type { SandboxClock } from "../../http/clock.ts";
import type { CallbackStore } from "./callback-store.ts";
import type { JobEvent } from "./job-events.ts";
import type { JobStore } from "./job-store.ts";
import type { NotificationFaults } from "./notification-faults.ts";
import { DEFAULT_LATENESS_MS } from "./notification-faults.ts";
import type { NotificationQueue, Pending } from "./notification-queue.ts";
import { send } from "./outgoing.ts";
import type { CallbackHmac } from "./signature.ts";
import { sign } from "./signature.ts";

export interface NotifierOptions {
  readonly queue: NotificationQueue;
  readonly jobs: JobStore;
  readonly callbacks: CallbackStore;
  readonly faults: NotificationFaults;
  readonly clock: SandboxClock;
  readonly hmac: CallbackHmac;
  readonly timeoutMs: number;
}

export class Notifier {
  readonly #options: NotifierOptions;
  #cancel = (): void => undefined;
  #closed = false;
  /** The last post to each callback that is still under way. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.arm();
  }

  /** To be called when something was planned: sets the clock's alarm to the first notification that is due. */
  arm(): void {
    this.#cancel();
    const due = this.#closed ? undefined : this.#options.queue.nextDue();
    if (due === undefined) return;
    this.#cancel = this.#options.clock.at(due, () => this.#deliver());
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  /** Posts what is due; resolves when the receivers have answered. */
  async #deliver(): Promise<void> {
    const { queue, clock } = this.#options;
    const posts: Promise<void>[] = [];
    while (!this.#closed) {
      const next = queue.take(clock.now());
      if (next === undefined) break;
      for (let times = this.#timesToPost(next); times > 0; times--) posts.push(this.#enqueue(next));
    }
    this.arm();
    await Promise.all(posts);
  }

  /** Lets a fault have its turn with a notification, once. */
  #timesToPost(notification: Pending): number {
    const { queue, faults, clock } = this.#options;
    const fault = notification.met ? undefined : faults.take(notification.event);
    switch (fault?.kind) {
      case "drop":
        return 0;
      case "duplicate":
        return 2;
      case "late":
        queue.add({ ...notification, due: clock.now() + (fault.ms ?? DEFAULT_LATENESS_MS) }, true);
        return 0;
      case "reordered": {
        const overtaking = queue.nextDueOf(notification.job);
        if (overtaking === undefined) return 1;
        queue.add({ ...notification, due: overtaking }, true);
        return 0;
      }
      default:
        return 1;
    }
  }

  async #enqueue(notification: Pending): Promise<void> {
    const { url } = notification;
    const posted = (this.#underWay.get(url) ?? Promise.resolve()).then(() => this.#post(notification));
    this.#underWay.set(url, posted);
    await posted;
    if (this.#underWay.get(url) === posted) this.#underWay.delete(url);
  }

  async #post({ instance, job: id, event, url }: Pending): Promise<void> {
    const { jobs, callbacks, hmac, timeoutMs } = this.#options;
    if (this.#closed) return;
    const job = jobs.find(instance, id);
    const callback = callbacks.find(instance, url);
    // Nobody is told about a deleted job, nor at an address that was unregistered.
    if (job === undefined || callback === undefined) return;
    const body = Buffer.from(notificationBody(id, event, job.userToken, job.results));
    const signature =
      callback.secret === undefined ? {} : { "X-Callback-Signature": sign(hmac, callback.secret, body) };
    try {
      await send(new URL(url), {
        method: "POST",
        headers: { "Content-Type": "application/json", ...signature },
        body,
        timeoutMs,
        maxAnswerBytes: 0,
      });
    } catch {
      // There is no second attempt: whoever missed it must ask for the job.
    }
  }
}

function notificationBody(
  id: string,
  event: JobEvent,
  userToken: string | undefined,
  results: string,
): string {
  const body = { id, event, user_token: userToken ?? "" };
  if (event !== "recognitions.completed_with_results") return JSON.stringify(body);
  return JSON.stringify({ ...body, results: [JSON.parse(results) as unknown] });
}
