/**
 * Telling people, through what they have: a webhook is sent each notice, and a ping says at regular intervals that the server lives. Whoever
 * receives the pings raises the alarm when they stop: a machine that is gone cannot say so itself.
 */
import { errorText } from "../../model/errors.ts";
import type { Notice } from "../../schedule/notices.ts";
import { pause } from "../../sources/http/backoff.ts";

export interface Receivers {
  /** Sent each notice as JSON by POST. Secrets: their addresses let anybody write. */
  readonly webhooks: readonly string[];
  /** Asked by GET while all is well, with `/fail` at its end while something that was told of still fails. Secrets. */
  readonly pings: readonly string[];
}

const ATTEMPTS = 3;
const RETRY_MS = 2_000;
const TIMEOUT_MS = 10_000;

/** The receivers that could not be told, as sentences without their addresses. */
export async function sendNotice(
  receivers: Receivers,
  notice: Notice | TestNotice,
  signal: AbortSignal,
): Promise<string[]> {
  const body = JSON.stringify(noticeBody(notice));
  const headers = { "content-type": "application/json" };
  return each(receivers.webhooks, "webhook", { method: "POST", body, headers }, signal);
}

/** As `sendNotice`. */
export async function sendPings(
  { pings }: Receivers,
  isWell: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const addresses = pings.map((address) => (isWell ? address : `${address.replace(/\/$/, "")}/fail`));
  return each(addresses, "ping", { method: "GET" }, signal);
}

export interface TestNotice {
  readonly notice: "test";
  readonly at: number;
}

/** Published: docs/guide/scheduling.md. */
function noticeBody(notice: Notice | TestNotice): Readonly<Record<string, unknown>> {
  const at = new Date(notice.at).toISOString();
  const told = { service: "holdfast", ...notice, at, text: noticeText(notice) };
  if (notice.notice !== "failing") return told;
  const { succeededAt } = notice;
  return { ...told, succeededAt: succeededAt === null ? null : new Date(succeededAt).toISOString() };
}

function noticeText(notice: Notice | TestNotice): string {
  switch (notice.notice) {
    case "failing": {
      const { job, failures, error, succeededAt } = notice;
      const since =
        succeededAt === null
          ? "it never succeeded"
          : `it last succeeded at ${new Date(succeededAt).toISOString()}`;
      return `Holdfast: ${job} has failed ${failures} times in a row (${error.code}: ${error.message}); ${since}. holdfast explain ${error.code} says what to do.`;
    }
    case "recovered":
      return `Holdfast: ${notice.job} works again.`;
    case "not-planning":
      return `Holdfast: due times cannot be worked out: ${notice.message}`;
    case "test":
      return "Holdfast: a test. This is how you will hear of failures.";
  }
}

async function each(
  addresses: readonly string[],
  what: string,
  request: RequestInit,
  signal: AbortSignal,
): Promise<string[]> {
  const problems = await Promise.all(addresses.map(async (address) => send(address, request, signal)));
  return problems.flatMap((problem, index) =>
    problem === undefined ? [] : [`The ${what} number ${index + 1} could not be told: ${problem}.`],
  );
}

/** Undefined when it was received; otherwise why not, without the address. */
async function send(address: string, request: RequestInit, signal: AbortSignal): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const problem = await sendOnce(address, request, signal);
    if (problem === undefined || attempt >= ATTEMPTS) return problem;
    await pause(RETRY_MS * attempt, signal).catch(() => {});
    if (signal.aborted) return problem;
  }
}

async function sendOnce(
  address: string,
  request: RequestInit,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const response = await fetch(address, { ...request, signal: within, redirect: "error" });
    await response.body?.cancel();
    return response.ok ? undefined : `it answered ${response.status}`;
  } catch (error) {
    // What fetch says itself is always the same; its cause knows why. Neither may give the address away.
    const { cause } = error as { cause?: unknown };
    const { code } = (cause ?? {}) as { code?: unknown };
    const why = typeof code === "string" ? code : errorText(cause ?? error);
    return why.replaceAll(address, "its address");
  }
}
