/**
 * Plays the requests of a recording of the real service against the stand-in, and compares what clients act on: statuses, headers, members
 * and their order, codes and messages. Ids, tickets and hosts differ in every run: they are learned from the answers and put into what follows.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import type { FormRecognizerSandbox } from "../../src/sandbox/form-recognizer/index.ts";

export interface RecordedEntry {
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly auth: "key" | "bearer" | null;
    readonly body: Record<string, unknown> | null;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

/** Notes about what a recording leaves out stand between the entries. */
type Entries = readonly (RecordedEntry | { readonly request?: undefined })[];

export interface Recording {
  readonly entries?: Entries;
  readonly parts?: readonly { readonly name: string; readonly entries: Entries }[];
}

export function recording(name: string): Recording {
  const file = new URL(`../vectors/azure/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Recording;
}

/** Those of one part, or of the whole recording, that were really sent. */
export function entriesOf(recorded: Recording, part?: string): readonly RecordedEntry[] {
  const entries =
    part === undefined
      ? recorded.entries
      : recorded.parts?.find(({ name }) => name.startsWith(part))?.entries;
  return (entries ?? []).filter((entry) => entry.request !== undefined);
}

export interface ReplayOptions {
  readonly resource: string;
  /** Instead of the resource's key. */
  readonly key?: string;
  /** For entries that were sent with one. */
  readonly token?: string;
  /** Before every request; where time passes and faults are switched on. */
  readonly before?: (entry: RecordedEntry) => void | Promise<void>;
}

const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const HEADERS = ["content-type", "retry-after", "x-ms-cs-error-code"] as const;
const LINKS = ["location", "operation-location"] as const;

export class Replay {
  readonly #sandbox: FormRecognizerSandbox;
  readonly #options: ReplayOptions;
  /** Recorded text → what stands for it here. */
  readonly #known = new Map<string, string>();
  #ticket: unknown;
  #nextLink = "";

  constructor(sandbox: FormRecognizerSandbox, options: ReplayOptions) {
    this.#sandbox = sandbox;
    this.#options = options;
  }

  /** Rejects with the first difference. */
  async play(entries: readonly RecordedEntry[]): Promise<void> {
    for (const entry of entries) {
      await this.#options.before?.(entry);
      await this.#playOne(entry);
    }
  }

  async #playOne({ request, response }: RecordedEntry): Promise<void> {
    const answer = await fetch(this.#address(request.url), {
      method: request.method,
      headers: { ...this.#credentials(request.auth), "Content-Type": "application/json" },
      ...(request.body === null ? {} : { body: this.#body(request.body) }),
    });
    const text = await answer.text();
    const what = `${request.method} ${request.url}`;
    assert.deepEqual(
      [answer.status, text === ""],
      [response.status, isEmpty(response.body)],
      `${what}: ${answer.status} ${text}`,
    );
    for (const name of HEADERS) {
      assert.equal(answer.headers.get(name), response.headers[name] ?? null, `${name} of ${what}`);
    }
    assert.equal(answer.headers.has("apim-request-id"), "apim-request-id" in response.headers, what);
    for (const name of LINKS) {
      const recorded = response.headers[name];
      const link = answer.headers.get(name);
      assert.equal(link === null, recorded === undefined, `${name} of ${what}`);
      if (link !== null && recorded !== undefined) this.#learnLink(recorded, link);
    }
    if (text === "") return;
    const body: unknown = JSON.parse(text);
    this.#learnBody(response.body, body);
    assert.equal(outline(body), this.#translate(outline(response.body)));
  }

  #address(recorded: string): string {
    const { pathname, search } = new URL(recorded);
    if (search.startsWith("?nextLink=")) return this.#nextLink;
    return this.#sandbox.resource(this.#options.resource).url + this.#translate(released(pathname)) + search;
  }

  #credentials(auth: RecordedEntry["request"]["auth"]): Record<string, string> {
    if (auth === "bearer") return { Authorization: `Bearer ${this.#options.token ?? ""}` };
    const key = this.#options.key ?? this.#sandbox.resource(this.#options.resource).keys[0];
    return { "Ocp-Apim-Subscription-Key": key };
  }

  #body(recorded: Record<string, unknown>): string {
    const ticket = "copyAuthorization" in recorded ? { copyAuthorization: this.#ticket } : {};
    return this.#translate(JSON.stringify({ ...recorded, ...ticket }));
  }

  /** Paths must agree but for ids; the ids in them are those of what was begun. */
  #learnLink(recorded: string, link: string): void {
    const theirs = recorded.match(GUID) ?? [];
    const ours = link.match(GUID) ?? [];
    for (const [index, id] of theirs.entries()) this.#known.set(id, ours[index] ?? "");
    assert.equal(new URL(link).pathname, this.#translate(released(new URL(recorded).pathname)));
    assert.equal(new URL(link).origin, this.#sandbox.resource(this.#options.resource).url);
  }

  #learnBody(recorded: unknown, body: unknown): void {
    if (typeof body !== "object" || body === null) return;
    if ("accessToken" in body) this.#ticket = body;
    const ours = body as { nextLink?: string };
    const theirs = recorded as { nextLink?: string };
    if (ours.nextLink !== undefined && ours.nextLink !== "") {
      this.#nextLink = ours.nextLink;
      this.#known.set(theirs.nextLink ?? "", ours.nextLink);
    }
  }

  #translate(text: string): string {
    let translated = text;
    for (const [recorded, ours] of this.#known) translated = translated.replaceAll(recorded, ours);
    return translated;
  }
}

/** Recordings of previews are held against the version that was released. */
function released(path: string): string {
  return path.replace(/(\/v2\.\d)-preview(?:\.\d)?\//, "$1/");
}

function isEmpty(body: unknown): boolean {
  return body === null || body === "";
}

/** Members in their order; of times only the form, of numbers only that they are some. */
function outline(value: unknown): string {
  return JSON.stringify(
    value,
    (name, member: unknown) => {
      if (name === "accessToken") return "(ticket)";
      if (typeof member === "number") return "(number)";
      if (typeof member !== "string") return member;
      return member
        .replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, "(time)")
        .replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,7}Z$/, "(time with fraction)");
    },
    1,
  );
}
