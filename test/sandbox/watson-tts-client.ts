/**
 * The vendor's SDK, pointed at a stand-in with each of its ways to authenticate; and a raw HTTP client that sends paths as they are.
 */
import { once } from "node:events";
import type { Agent, IncomingMessage } from "node:http";
import { request } from "node:http";

import { BasicAuthenticator, CloudPakForDataAuthenticator, IamAuthenticator } from "ibm-watson/auth/index.js";
import TextToSpeechV1 from "ibm-watson/text-to-speech/v1.js";

import { waveFile } from "../wave-file.ts";
import type { WatsonTtsSandbox } from "../../src/sandbox/watson-tts/index.ts";

export function iamClient(sandbox: WatsonTtsSandbox, serviceUrl = sandbox.url): TextToSpeechV1 {
  const authenticator = new IamAuthenticator({ apikey: sandbox.apiKey, url: sandbox.iamUrl });
  return new TextToSpeechV1({ authenticator, serviceUrl });
}

export function basicClient(sandbox: WatsonTtsSandbox, serviceUrl = sandbox.url): TextToSpeechV1 {
  const authenticator = new BasicAuthenticator({ username: "apikey", password: sandbox.apiKey });
  return new TextToSpeechV1({ authenticator, serviceUrl });
}

export function cp4dClient(sandbox: WatsonTtsSandbox, serviceUrl: string): TextToSpeechV1 {
  const authenticator = new CloudPakForDataAuthenticator({
    username: "admin",
    password: "admin",
    url: sandbox.authUrl,
  });
  return new TextToSpeechV1({ authenticator, serviceUrl });
}

/** What the SDK throws. */
export interface SdkError {
  readonly status: number;
  /** The answer's body as text. */
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** The error of a call that has to fail. */
export async function failure(call: Promise<unknown>): Promise<SdkError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error("the call succeeded");
  return error as SdkError;
}

/** The status and the three members of a refusal. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ readonly status: number; readonly error: string; readonly code_description: string }> {
  const { status, body } = await failure(call);
  const parsed = JSON.parse(body) as { error: string; code: number; code_description: string };
  if (parsed.code !== status) throw new Error(`code ${parsed.code} in an answer of status ${status}`);
  return { status, error: parsed.error, code_description: parsed.code_description };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  /** Sent as it is. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** False: without credentials. */
  readonly isAuthorized?: boolean;
  /** Default: a connection of its own. */
  readonly agent?: Agent;
}

export async function raw(sandbox: WatsonTtsSandbox, asked: RawRequest): Promise<RawAnswer> {
  const { port } = sandbox;
  const authorization = `Basic ${Buffer.from(`apikey:${sandbox.apiKey}`).toString("base64")}`;
  const outgoing = request({
    host: "127.0.0.1",
    port,
    method: asked.method ?? "GET",
    path: asked.path,
    agent: asked.agent ?? false,
    headers: { ...(asked.isAuthorized === false ? {} : { authorization }), ...asked.headers },
  });
  outgoing.end(asked.body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    text: Buffer.concat(chunks).toString("utf8"),
  };
}

/** A WAV file whose sound is the given bytes, repeated to the given length. */
export function wav(rateHz: number, seconds: number, fill = 0): Buffer {
  return waveFile(Buffer.alloc(Math.round(rateHz * seconds) * 2, fill), rateHz);
}
