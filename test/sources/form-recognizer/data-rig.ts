/**
 * For tests of training data: an engine in memory, captures of one set, ties of one model, and a wire to Azurite that can break.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "../../../src/model/clock.ts";
import { compareKeys, keyOf, keyText, sortableKey, type ItemKey } from "../../../src/model/key.ts";
import type { CapturedVersion } from "../../../src/model/version.ts";
import type { DataSetConfig } from "../../../src/sources/form-recognizer/config.ts";
import { captureDataSet } from "../../../src/sources/form-recognizer/data/capture-data.ts";
import type {
  Container,
  DataSetMemory,
  OpenDataSet,
  TrainingNote,
} from "../../../src/sources/form-recognizer/data/face.ts";
import { tieTraining } from "../../../src/sources/form-recognizer/data/tie-training.ts";
import { trainingKey } from "../../../src/sources/form-recognizer/keys.ts";
import type { ModelDetails } from "../../../src/sources/form-recognizer/service/face.ts";
import type { CaptureEngine, SourceContext, StoredBlob } from "../../../src/sources/source.ts";

/** Quick: no test waits. */
export const HASTY = { attempts: 2, throttledAttempts: 2, baseDelayMs: 1, maxDelayMs: 2 };

export class KeptData {
  readonly versions = new Map<string, CapturedVersion>();
  readonly blobs = new Map<string, Buffer>();
  readonly #aliases = new Map<string, StoredBlob>();
  readonly warnings: string[] = [];
  /** False: an engine with a key that may only write. */
  mayRead = true;
  /** Blobs that were stored, not found again. */
  stored = 0;

  readonly context: SourceContext = {
    clock: systemClock,
    signal: new AbortController().signal,
    warn: (message) => void this.warnings.push(message),
  };

  engine(): CaptureEngine {
    return {
      known: async (states) =>
        states.map(({ key, state }) => this.versions.get(sortableKey(key))?.state.equals(state) ?? false),
      findBlob: async (alias) => this.#aliases.get(alias),
      storeBlob: async (alias, { encoding, content }) => {
        const pieces: Buffer[] = [];
        for await (const piece of content) pieces.push(Buffer.from(piece));
        const bytes = Buffer.concat(pieces);
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        this.blobs.set(sha256, bytes);
        this.stored++;
        const stored = { blob: sha256, pack: "0".repeat(32), length: bytes.length, encoding, sha256, alias };
        this.#aliases.set(alias, stored);
        return stored;
      },
      keptKeys: (prefix = Buffer.alloc(0)) => (this.mayRead ? this.#keys(prefix) : undefined),
    };
  }

  async *#keys(prefix: ItemKey): AsyncGenerator<ItemKey[]> {
    const keys = [...this.versions.values()].map(({ key }) => key).sort(compareKeys);
    const found = keys.filter((key) => key.subarray(0, prefix.length).equals(prefix));
    for (let at = 0; at < found.length; at += 3) yield found.slice(at, at + 3);
  }

  add(versions: readonly CapturedVersion[]): void {
    for (const version of versions) this.versions.set(sortableKey(version.key), version);
  }

  /** Kinds of the versions that one capture handed over, by key, and what it remembers. */
  async capture(
    set: DataSetConfig,
    container: Container,
    before?: DataSetMemory,
    context: SourceContext = this.context,
  ): Promise<{ readonly items: Record<string, string>; readonly memory: DataSetMemory | undefined }> {
    const items: Record<string, string> = {};
    const run = captureDataSet(set, container, this.engine(), context, before);
    for (;;) {
      const next = await run.next();
      if (next.done === true) return { items, memory: next.value };
      this.add(next.value);
      for (const { key, kind } of next.value) items[keyText(key)] = kind;
    }
  }

  /** Kinds of the versions that tying handed over, by key, and the note that is kept then. */
  async tie(
    model: ModelDetails,
    sets: readonly OpenDataSet[],
    version = "v1",
  ): Promise<{ readonly items: Record<string, string>; readonly note: TrainingNote }> {
    const items: Record<string, string> = {};
    for await (const versions of tieTraining(model, version, sets, this.engine(), this.context)) {
      this.add(versions);
      for (const { key, kind } of versions) items[keyText(key)] = kind;
    }
    return { items, note: this.#note(model) };
  }

  #note(model: ModelDetails): TrainingNote {
    const part = this.versions.get(sortableKey(trainingKey(model)))?.parts[0];
    return JSON.parse((part as Buffer).toString("utf8")) as TrainingNote;
  }

  /** What is kept now, to try several things on. */
  clone(): KeptData {
    const clone = new KeptData();
    for (const [key, version] of this.versions) clone.versions.set(key, version);
    for (const [key, blob] of this.blobs) clone.blobs.set(key, blob);
    for (const [alias, blob] of this.#aliases) clone.#aliases.set(alias, blob);
    return clone;
  }

  /** Content of a live item; undefined where it is deleted or was never kept. */
  content(key: string): Buffer | undefined {
    const version = this.versions.get(sortableKey(keyOf(key)));
    const blob = version?.kind === "live" ? version.blobs[0] : undefined;
    return blob && this.blobs.get(blob.blob);
  }

  /** Content of every live item, by key. */
  contents(prefix = ""): Record<string, string> {
    return Object.fromEntries(this.live(prefix).map((key) => [key, String(this.content(key))]));
  }

  /** Keys of live items. */
  live(prefix = ""): string[] {
    return [...this.versions.values()]
      .filter(({ kind, key }) => kind === "live" && keyText(key).startsWith(prefix))
      .map(({ key }) => keyText(key))
      .sort();
  }
}

/** A model as the service client tells it; `body` holds what matters here. */
export function modelOf(more: Partial<ModelDetails> & Pick<ModelDetails, "id">): ModelDetails {
  return {
    kind: "models",
    status: "ready",
    created: "2026-10-01T12:00:00Z",
    apiVersion: "2024-11-30",
    tags: {},
    raw: Buffer.alloc(0),
    body: {},
    composed: false,
    components: [],
    buildMode: "template",
    ...more,
  };
}

export type Fault =
  | "reset" // the connection breaks before any answer
  | "cut" // the connection breaks in the middle of the answer
  | "lost" // the server does what it was asked, and the answer never arrives
  | "silent" // nothing is ever answered
  | "page" // something else answers 200 with a page of its own
  | "empty" // something else answers 200 with nothing
  | number; // the server answers this status

/** A wire to Azurite; requests are numbered from 1. */
export class BreakingWire implements AsyncDisposable {
  requests: string[] = [];
  /** Breaks the request of this number, and with `forever` all that follow. */
  fault: { readonly at: number; readonly kind: Fault; readonly forever: boolean } | undefined;
  readonly #server = createServer((asked, answer) => void this.#serve(asked, answer));
  readonly #port: string;

  constructor(target: string) {
    this.#port = new URL(target).port;
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  /** The same address through this wire. */
  through(url: string): string {
    return url.replace(`:${this.#port}`, `:${(this.#server.address() as AddressInfo).port}`);
  }

  reset(fault?: BreakingWire["fault"]): void {
    this.requests = [];
    this.fault = fault;
  }

  async #serve(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    this.requests.push(`${asked.method} ${decodeURIComponent((asked.url ?? "").split("?")[0] as string)}`);
    const number = this.requests.length;
    const { fault } = this;
    const breaks = fault !== undefined && (number === fault.at || (fault.forever && number > fault.at));
    const kind = breaks ? fault.kind : undefined;
    const pieces: Buffer[] = [];
    for await (const piece of asked) pieces.push(piece as Buffer);
    if (kind === "reset") return void asked.socket.destroy();
    if (kind === "silent") return;
    if (kind === "page") return void answer.end("<html><body>Sign in</body></html>");
    if (kind === "empty") return void answer.end();
    if (typeof kind === "number") {
      answer.statusCode = kind;
      return void answer.end();
    }
    this.#forward(asked, Buffer.concat(pieces), answer, kind);
  }

  #forward(
    asked: IncomingMessage,
    body: Buffer,
    answer: ServerResponse,
    kind: "cut" | "lost" | undefined,
  ): void {
    const { method, url, headers } = asked;
    const forwarded = request(
      { host: "127.0.0.1", port: this.#port, ...(method && { method }), path: url ?? "/", headers },
      (given) => {
        const pieces: Buffer[] = [];
        given.on("data", (piece: Buffer) => pieces.push(piece));
        given.on("end", () => {
          const whole = Buffer.concat(pieces);
          if (kind === "lost") return void asked.socket.destroy();
          const raw = { ...given.headers };
          delete raw["transfer-encoding"];
          if (method !== "HEAD") raw["content-length"] = String(whole.length);
          answer.writeHead(given.statusCode ?? 500, raw);
          if (kind === undefined) return void answer.end(whole);
          answer.write(whole.subarray(0, whole.length / 2), () => asked.socket.destroy());
        });
      },
    );
    forwarded.on("error", () => asked.socket.destroy());
    forwarded.end(body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
