import { once } from "node:events";
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { defineCommand, type App } from "../command.ts";
import type { Invocation } from "../invocation.ts";
import type { SandboxDocument } from "../json-types.ts";
import { portNumber } from "../numbers.ts";

type Service = "couchdb" | "watson-tts" | "watson-stt";

interface Options {
  readonly service: Service;
  readonly folder?: string;
  readonly port?: number;
}

/** A stand-in that listens, and what is said of it. */
interface Listening {
  readonly document: SandboxDocument;
  readonly facts: readonly (readonly [string, string])[];
  close(): Promise<void>;
}

const SERVICES: readonly Service[] = ["couchdb", "watson-tts", "watson-stt"];

export function sandboxCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "sandbox",
    summary: "serve a stand-in of a service for trials and rehearsals, until stopped",
    details:
      "It speaks the service's protocol from a small store of its own. It is for trying things out, not for production data; the Watson\n" +
      "stand-ins neither recognise nor speak.",
    examples: [
      "holdfast sandbox",
      "holdfast sandbox --folder ./sandbox --port 5984",
      "holdfast sandbox --service watson-stt --port 9080",
    ],
    json: { form: "document", type: "SandboxDocument" },
    options: (command) =>
      command
        .addOption(
          new Option("--service <service>", "which service it stands for")
            .choices(SERVICES)
            .default("couchdb"),
        )
        .option("--folder <folder>", "keep its data here (default: in memory)")
        .option("--port <number>", "listen here (default: any free port)", portNumber),
    run: async (invocation, _args, options) => {
      const sandbox = await start(invocation, options);
      try {
        if (invocation.out.json) await invocation.out.document(sandbox.document);
        else await invocation.out.facts(sandbox.facts);
        invocation.out.note("Ctrl-C stops it.");
        if (!invocation.signal.aborted) await once(invocation.signal, "abort");
      } finally {
        await sandbox.close();
      }
    },
  });
}

async function start({ operations, io }: Invocation, { service, ...options }: Options): Promise<Listening> {
  const place = {
    ...(options.folder === undefined ? {} : { folder: resolve(io.cwd, options.folder) }),
    ...(options.port === undefined ? {} : { port: options.port }),
  };
  if (service === "couchdb") {
    const sandbox = await operations.startSandbox({ couchdb: place });
    const { url, user } = sandbox;
    return {
      document: { couchdb: { url, user } },
      facts: [
        ["CouchDB stand-in", url],
        ["user, password", `${user.name}, ${user.password} (only this machine reaches it)`],
      ],
      close: async () => sandbox.close(),
    };
  }
  const sandbox = await operations.startWatsonSandbox({ service, ...place });
  const { url, apiKey, tokenUrl, authUrl } = sandbox;
  return {
    document: { watson: { service, url, apiKey, tokenUrl, authUrl } },
    facts: [
      [service === "watson-tts" ? "Text to Speech stand-in" : "Speech to Text stand-in", url],
      ["API key", `${apiKey} (only this machine reaches it)`],
      ["IAM tokens from", tokenUrl],
      ["Cloud Pak for Data from", authUrl],
    ],
    close: async () => sandbox.close(),
  };
}
