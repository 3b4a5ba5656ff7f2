/**
 * `serve`: protects everything that is configured, by itself, until it is stopped.
 */
import { errorText } from "../model/errors.ts";
import type { JobMemories } from "../schedule/job.ts";
import { Notices, type Notice } from "../schedule/notices.ts";
import { Scheduler, type ScheduleEvent } from "../schedule/scheduler.ts";
import { realTime, type ScheduleTime } from "../schedule/time.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { ServeEvent } from "./reports.ts";
import { planJobs, renewJob } from "./serve/plan.ts";
import { runJob } from "./serve/run-job.ts";
import type { ServeSettings } from "./serve/settings.ts";
import { sendNotice, sendPings, type Receivers } from "./serve/tell-others.ts";
import type { Workspace } from "./workspace.ts";

export type { ServeSettings } from "./serve/settings.ts";

/**
 * Runs until the hooks' signal fires; what is under way is stopped at its next safe place and continued by the next start.
 * `memories`: what earlier servers remembered; no other server may use them meanwhile. What goes wrong with a job is told, not thrown.
 */
export async function serve(
  workspace: Workspace,
  settings: ServeSettings,
  memories: JobMemories,
  tell: (event: ServeEvent) => void,
  hooks: Hooks = {},
  time: ScheduleTime = realTime(workspace.clock),
): Promise<void> {
  const signal = signalOf(hooks);
  // Progress of jobs side by side would be a jumble; what they warn of is told with the subject in it.
  const quiet: Hooks = { signal, ...(hooks.warn === undefined ? {} : { warn: hooks.warn }) };
  const notices = new Notices(memories);
  const others = new Telling(settings.receivers, signal, quiet);
  const scheduler = new Scheduler({
    ...settings,
    planEveryMs: settings.lookEveryMs,
    time,
    memories,
    plan: async () => planJobs(workspace, settings, memories, quiet),
    renew: async (job) => renewJob(workspace, settings, memories, job, quiet),
    run: async (job) => runJob(workspace, settings, job, quiet),
    tell: (event) => {
      tell(eventOf(event));
      others.notice(notices.of(event));
      if (event.event === "planned" || event.event === "plan-failed") others.ping(!notices.isAlarmed);
    },
  });
  await scheduler.run(signal);
  await others.done();
}

/** Sends a test notice and a ping to every receiver; what could not be told, as sentences. */
export async function testReceivers(
  workspace: Pick<Workspace, "clock">,
  { receivers }: Pick<ServeSettings, "receivers">,
  hooks: Hooks = {},
): Promise<{ readonly told: number; readonly problems: readonly string[] }> {
  const signal = signalOf(hooks);
  const problems = [
    ...(await sendNotice(receivers, { notice: "test", at: workspace.clock.now() }, signal)),
    ...(await sendPings(receivers, true, signal)),
  ];
  return { told: receivers.webhooks.length + receivers.pings.length - problems.length, problems };
}

/** Tells others beside the work: nothing waits for them but the end. */
class Telling {
  readonly #receivers: Receivers;
  readonly #signal: AbortSignal;
  readonly #hooks: Hooks;
  #sending: Promise<void> = Promise.resolve();

  constructor(receivers: Receivers, signal: AbortSignal, hooks: Hooks) {
    this.#receivers = receivers;
    this.#signal = signal;
    this.#hooks = hooks;
  }

  notice(notice: Notice | undefined): void {
    if (notice !== undefined) this.#then(async () => sendNotice(this.#receivers, notice, this.#signal));
  }

  ping(isWell: boolean): void {
    this.#then(async () => sendPings(this.#receivers, isWell, this.#signal));
  }

  async done(): Promise<void> {
    await this.#sending;
  }

  /** In order: that something works again must not arrive before that it failed. */
  #then(send: () => Promise<string[]>): void {
    const before = this.#sending;
    this.#sending = (async () => {
      await before;
      for (const problem of await send()) if (!this.#signal.aborted) this.#hooks.warn?.(problem);
    })();
  }
}

function eventOf(event: ScheduleEvent): ServeEvent {
  const at = new Date(event.at).toISOString();
  switch (event.event) {
    case "planned":
      return { event: "planned", at, jobs: event.jobs, next: timeOf(event.next) };
    case "plan-failed":
      return { event: "plan-failed", at, message: errorText(event.error) };
    case "began":
      return { event: "began", at, job: event.job.id, lateMs: event.lateMs };
    case "ended": {
      const { job, outcome, durationMs, next } = event;
      const told = outcome.ok
        ? { ok: true, did: outcome.did }
        : { ok: false, error: { code: outcome.code, message: outcome.message } };
      return { event: "ended", at, job: job.id, durationMs, next: timeOf(next), ...told };
    }
  }
}

function timeOf(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
