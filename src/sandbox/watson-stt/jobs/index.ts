/**
 * Asynchronous recognition: callbacks, jobs and their notifications, and the synchronous recognition that proves a restore. Nothing is
 * recognised, and every transcript says so.
 */
import type { Route } from "../../watson/routes.ts";
import type { SttState } from "../state.ts";
import { callbackEndpoints } from "./callback-endpoints.ts";
import { CallbackStore } from "./callback-store.ts";
import { jobEndpoints } from "./job-endpoints.ts";
import { JobStore } from "./job-store.ts";
import { NotificationFaults } from "./notification-faults.ts";
import { NotificationQueue } from "./notification-queue.ts";
import { Notifier } from "./notifier.ts";
import { RecognitionJobs } from "./recognition-jobs.ts";
import { recognizeEndpoint } from "./recognize-endpoint.ts";
import { CALLBACK_TIMEOUT_MS, Registrations } from "./registrations.ts";

export { NotificationFaults } from "./notification-faults.ts";
export type { NotificationFault, NotificationFaultKind } from "./notification-faults.ts";

export interface JobOptions {
  /** How long a callback may take to answer, ms; default 5000, as the service has it. */
  readonly callbackTimeoutMs?: number;
}

/** The asynchronous part of a stand-in. It ends when the stand-in closes. */
export interface SttJobs {
  readonly routes: readonly Route[];
  readonly notificationFaults: NotificationFaults;
  /** So many jobs that are created from now on will fail. */
  failNext(count: number): void;
  /** Deletes the jobs and callbacks that carry this label. */
  forgetCustomer(instance: string, customer: string): void;
}

/** Goes on with the jobs and notifications that the database holds. */
export function openJobs(state: SttState, options: JobOptions = {}): SttJobs {
  const { sqlite, clock, modes } = state;
  const jobStore = new JobStore(sqlite);
  const callbacks = new CallbackStore(sqlite);
  const queue = new NotificationQueue(sqlite);
  const faults = new NotificationFaults();
  const calling = {
    callbacks,
    clock,
    hmac: modes.callbackHmac,
    timeoutMs: options.callbackTimeoutMs ?? CALLBACK_TIMEOUT_MS,
  };
  const notifier = new Notifier({ ...calling, queue, jobs: jobStore, faults });
  state.closing.addEventListener("abort", () => notifier.close(), { once: true });
  const jobs = new RecognitionJobs({ state, jobs: jobStore, callbacks, queue, notifier });
  return {
    routes: [
      ...callbackEndpoints(new Registrations(calling)),
      ...jobEndpoints(jobs),
      recognizeEndpoint(state),
    ],
    notificationFaults: faults,
    failNext: (count) => jobs.failNext(count),
    forgetCustomer: (instance, customer) => jobs.forgetCustomer(instance, customer),
  };
}
