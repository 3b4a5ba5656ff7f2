/**
 * Applications, the capture gateway, both speech services and a repository on loopback and in memory: what a Watson installation that is
 * protected by Holdfast is made of, and what comes after its instances are gone.
 */
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IamAuthenticator } from "ibm-watson/auth/index.js";
import SpeechToTextV1 from "ibm-watson/speech-to-text/v1.js";
import TextToSpeechV1 from "ibm-watson/text-to-speech/v1.js";
import { openGateway, type Gateway } from "../../src/operations/gateway.ts";
import type { SourceSettings } from "../../src/operations/connections.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import { startWatsonStt, type WatsonSttSandbox } from "../../src/sandbox/watson-stt/index.ts";
import { startWatsonTts, type WatsonTtsSandbox } from "../../src/sandbox/watson-tts/index.ts";
import { newRepository } from "./house.ts";

/** Retries are part of what is tested; their pauses are not. */
const QUICK = { pollMs: 0, retry: { attempts: 3, baseDelayMs: 1, maxDelayMs: 2 } };

const HOUR_MS = 3_600_000;

/** Both services of one account. */
export interface Services extends AsyncDisposable {
  readonly stt: WatsonSttSandbox;
  readonly tts: WatsonTtsSandbox;
  readonly apiKey: string;
}

export async function startServices(apiKey: string): Promise<Services> {
  const stt = await startWatsonStt({
    apiKeys: [apiKey],
    pgModels: "on",
    acousticScale: 1_000,
    // Jobs stay open for as long as a test runs.
    delays: { jobWaiting: HOUR_MS },
  });
  const tts = await startWatsonTts({ apiKeys: [apiKey], tuneByExample: "on" });
  return {
    stt,
    tts,
    apiKey,
    async [Symbol.asyncDispose]() {
      await stt.close();
      await tts.close();
    },
  };
}

/** The two sources of an account, by the beginning of their names. */
export function sourcesOf({ stt, tts, apiKey }: Services, prefix: string): SourceSettings[] {
  return ([stt, tts] as const).map((sandbox, index) => {
    const kind = index === 0 ? "watson-stt" : "watson-tts";
    const auth = { kind: "iam", apiKey, tokenUrl: sandbox.tokenUrl } as const;
    return {
      name: `${prefix}-${index === 0 ? "stt" : "tts"}`,
      collections: ["*"],
      exclude: [],
      options: { kind, url: sandbox.url, auth, ...QUICK },
    };
  });
}

export interface WatsonHouse extends AsyncDisposable {
  readonly services: Services;
  readonly repository: Repository;
  readonly workspace: Workspace;
  readonly gateway: Gateway;
  /** The vendor's SDK, pointed at the gateway. */
  readonly stt: SpeechToTextV1;
  readonly tts: TextToSpeechV1;
  /** Everything that was said to anybody. */
  readonly said: string[];
  /** Bytes of every file of the gateway's spool. */
  spooled(): Buffer[];
}

export async function openWatsonHouse(apiKey: string): Promise<WatsonHouse> {
  const services = await startServices(apiKey);
  const repository = await newRepository(memoryStorage());
  const workspace = new Workspace(repository, sourcesOf(services, "prod"));
  const folder = mkdtempSync(join(tmpdir(), "holdfast-watson-spool-"));
  const said: string[] = [];
  const gateway = await openGateway(
    workspace,
    {
      listen: { host: "127.0.0.1", port: 0 },
      spool: { folder },
      onUnreachable: "refuse",
      instances: [
        { source: "prod-stt", kind: "watson-stt", prefix: "/stt", url: services.stt.url },
        { source: "prod-tts", kind: "watson-tts", prefix: "/tts", url: services.tts.url },
      ],
    },
    (alarm) => said.push(JSON.stringify(alarm)),
    { warn: (text) => said.push(text) },
  );
  return {
    services,
    repository,
    workspace,
    gateway,
    stt: new SpeechToTextV1({
      authenticator: new IamAuthenticator({ apikey: apiKey, url: services.stt.iamUrl }),
      serviceUrl: `${gateway.url}/stt`,
    }),
    tts: new TextToSpeechV1({
      authenticator: new IamAuthenticator({ apikey: apiKey, url: services.tts.iamUrl }),
      serviceUrl: `${gateway.url}/tts`,
    }),
    said,
    spooled: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .flatMap(({ parentPath, name }) => readIfThere(join(parentPath, name))),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await workspace[Symbol.asyncDispose]();
      await services[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** The gateway may be done with a file meanwhile. */
function readIfThere(path: string): Buffer[] {
  try {
    return [readFileSync(path)];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
