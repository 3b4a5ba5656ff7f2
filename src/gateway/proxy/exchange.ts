/**
 * One request through the gateway: sent on as it comes, kept on the way where it must be, its answer passed back.
 *
 * What is kept is settled by what happens last: an answer of 2xx accepts it, any other drops it, a connection that breaks after the
 * whole request was sent leaves it uncertain, one that breaks before drops it. The answer of a request that is kept reaches the client only
 * after the capture is durable; no other answer waits for anything.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { classify, mayChange } from "../capture/classify.ts";
import { Keeping, type Keeper } from "../capture/keeping.ts";
import { answerJson, hold, passOn } from "./answer.ts";
import { requestHeaders } from "./headers.ts";
import type { Instance } from "./instance.ts";
import { answerError, discardRest } from "./own-answers.ts";
import { hasBody, sendBody } from "./request-body.ts";
import type { Route } from "./routes.ts";

/** A client that asked whether to send its body is told so after this time (ms) when the service says nothing, as curl does. */
const CONTINUE_AFTER_MS = 1_000;

/** Methods that may be sent again when an unused connection turns out to be gone. */
const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

export class Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #route: Route<Instance>;
  readonly #keeping: Keeping | undefined;
  /** The body, to the last byte, is with the service's connection; resolves false when it never will be. */
  readonly #whole = Promise.withResolvers<boolean>();
  #upstream: ClientRequest | undefined;
  #connected = false;
  #answered = false;
  #settled = false;
  #refusal: string | undefined;

  private constructor(
    request: IncomingMessage,
    response: ServerResponse,
    route: Route<Instance>,
    keeping: Keeping | undefined,
  ) {
    this.#request = request;
    this.#response = response;
    this.#route = route;
    this.#keeping = keeping;
  }

  /** `asked`: the client waits for `100 Continue` before it sends its body. */
  static run(
    request: IncomingMessage,
    response: ServerResponse,
    route: Route<Instance>,
    keeper: Keeper,
    asked: boolean,
  ): void {
    const { instance, path, query } = route;
    const method = request.method ?? "GET";
    instance.counts.requests++;
    request.on("error", () => {});
    response.on("error", () => {});
    const classified = classify(instance.kind, method, path);
    let keeping: Keeping | undefined;
    if (classified !== undefined) {
      const decision = keeper.begin(instance, classified, query ?? "", request);
      if (!(decision instanceof Keeping)) {
        answerError(request, response, 503, decision.refused);
        return;
      }
      keeping = decision;
    } else if (mayChange(method, path)) {
      instance.counts.unknownWrites++;
    }
    const exchange = new Exchange(request, response, route, keeping);
    try {
      exchange.#start(asked);
    } catch {
      // A head that node's parser takes and its writer does not.
      void exchange.#settle((kept) => kept.dropped());
      answerError(request, response, 400, "The gateway cannot send this request on.");
    }
  }

  #start(asked: boolean): void {
    const upstream = this.#send();
    this.#response.on("close", () => {
      if (!this.#response.writableFinished) this.#upstream?.destroy(new Error("the client is gone"));
    });
    this.#response.on("finish", () => {
      // The service answered before it had the whole body: the rest stays unsent.
      if (this.#upstream?.writableEnded === false) this.#upstream.destroy();
    });
    if (asked) this.#answerContinue(upstream);
    sendBody(this.#request, upstream, this.#keeping, {
      whole: () => this.#bodySent(upstream),
      refused: (why) => {
        this.#refusal = why;
        upstream.destroy(new Error("the upload cannot be kept"));
      },
    });
    this.#request.on("close", () => {
      if (!this.#request.complete) upstream.destroy(new Error("the client is gone"));
    });
  }

  #send(): ClientRequest {
    const { instance, path, query } = this.#route;
    const headers = requestHeaders(this.#request.rawHeaders, instance.upstream.host);
    const upstream = instance.upstream.request(this.#request.method ?? "GET", path, query, headers);
    this.#upstream = upstream;
    upstream.on("socket", (socket) => {
      this.#connected = !socket.connecting;
      if (this.#connected) return;
      socket.once("connect", () => {
        this.#connected = true;
      });
    });
    upstream.on("information", ({ statusCode, headers: hints }) => {
      if (statusCode === 102) this.#response.writeProcessing();
      if (statusCode === 103 && hints["link"] !== undefined) {
        this.#response.writeEarlyHints(hints as Record<string, string>);
      }
    });
    upstream.on("response", (answer) => {
      this.#answered = true;
      void this.#answer(answer);
    });
    upstream.on("error", (error) => void this.#broken(upstream, error));
    upstream.on("close", () => this.#whole.resolve(false));
    return upstream;
  }

  #answerContinue(upstream: ClientRequest): void {
    let told = false;
    const tell = (): void => {
      if (!told && !this.#response.headersSent && !this.#response.destroyed) this.#response.writeContinue();
      told = true;
    };
    // Refused without having seen the body: whether the client sends it now is anybody's guess, so the connection ends.
    upstream.once("response", () => {
      if (!told && !this.#response.headersSent) this.#response.shouldKeepAlive = this.#request.complete;
    });
    upstream.once("continue", tell);
    const timer = setTimeout(tell, CONTINUE_AFTER_MS);
    const stop = (): void => clearTimeout(timer);
    upstream.once("response", stop);
    upstream.once("close", stop);
    this.#request.once("data", stop);
  }

  #bodySent(upstream: ClientRequest): void {
    // A connection that was never made calls back as well.
    if (!this.#connected || upstream.destroyed) return;
    const kept = this.#keeping?.sent() ?? Promise.resolve();
    this.#whole.resolve(kept.then(() => true));
  }

  async #answer(answer: IncomingMessage): Promise<void> {
    // After an answer the rest of the body interests nobody.
    this.#upstream?.once("close", () => discardRest(this.#request));
    const status = answer.statusCode as number;
    const keeping = this.#keeping;
    if (keeping === undefined || status < 200 || status > 299) {
      passOn(answer, this.#response);
      await this.#settle((kept) => kept.dropped());
      return;
    }
    const held = await hold(answer);
    if (!(await this.#whole.promise)) {
      // The service took it before it had all of it: what passed is not the whole, and no capture.
      await this.#settle((kept) => kept.dropped());
    } else {
      await this.#settle((kept) => kept.accepted(status, answerJson(answer, held)));
    }
    passOn(answer, this.#response, held);
  }

  async #broken(upstream: ClientRequest, error: Error): Promise<void> {
    if (this.#answered) return;
    if (this.#mayRepeat(upstream)) {
      this.#send().end();
      return;
    }
    if (this.#refusal !== undefined) {
      answerError(this.#request, this.#response, 503, this.#refusal);
      await this.#settle((kept) => kept.refused());
      return;
    }
    const whole = this.#connected && upstream.writableFinished;
    await this.#settle(async (kept) => {
      if (whole) {
        await this.#whole.promise;
        await kept.uncertain();
      } else await kept.dropped();
    });
    const { code } = error as NodeJS.ErrnoException;
    const text = whole
      ? "The connection to the service broke before it answered; whether it took the request is not known"
      : "The service cannot be reached";
    answerError(this.#request, this.#response, 502, `${text}${code === undefined ? "" : ` (${code})`}.`);
  }

  #mayRepeat(upstream: ClientRequest): boolean {
    return (
      upstream.reusedSocket &&
      REPEATABLE.has(this.#request.method ?? "") &&
      !hasBody(this.#request) &&
      !this.#response.destroyed
    );
  }

  async #settle(how: (keeping: Keeping) => Promise<void>): Promise<void> {
    if (this.#keeping === undefined || this.#settled) return;
    this.#settled = true;
    await how(this.#keeping);
  }
}
