import { once } from "node:events";
import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import type { FormSandboxResource } from "../../operations/sandbox.ts";
import { defineCommand, type App } from "../command.ts";
import type { Invocation } from "../invocation.ts";
import type { SandboxDocument } from "../json-types.ts";
import { portNumber } from "../numbers.ts";

type Service = "couchdb" | "watson-tts" | "watson-stt" | "form-recognizer";

interface Options {
  readonly service: Service;
  readonly folder?: string;
  readonly port?: number;
  readonly resource?: readonly NamedRegion[];
}

interface NamedRegion {
  readonly name: string;
  readonly region: string;
}

/** A stand-in that listens, and what is said of it. */
interface Listening {
  readonly document: SandboxDocument;
  readonly facts: readonly (readonly [string, string])[];
  close(): Promise<void>;
}

const SERVICES: readonly Service[] = ["couchdb", "watson-tts", "watson-stt", "form-recognizer"];

/** As in Azure: part of a host name. */
const RESOURCE = /^([A-Za-z0-9][A-Za-z0-9-]{0,63}):([a-z0-9]{1,24})$/;

export function sandboxCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "sandbox",
    summary: "serve a stand-in of a service for trials and rehearsals, until stopped",
    details:
      "It speaks the service's protocol from a small store of its own. It is for trying things out, not for production data; the Watson\n" +
      "stand-ins neither recognise nor speak, and models of the Form Recognizer stand-in learn nothing. It has several resources, each on a\n" +
      "port of its own, between which models can be copied.",
    examples: [
      "holdfast sandbox",
      "holdfast sandbox --folder ./sandbox --port 5984",
      "holdfast sandbox --service watson-stt --port 9080",
      "holdfast sandbox --service form-recognizer --resource forms-east:eastus --resource forms-west:westus2",
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
        .option("--port <number>", "listen here (default: any free port)", portNumber)
        .addOption(
          new Option(
            "--resource <name:region>",
            "form-recognizer: a resource; may be repeated (default: one in eastus, one in westus2)",
          ).argParser(gatherResource),
        ),
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

function gatherResource(text: string, before: readonly NamedRegion[] = []): readonly NamedRegion[] {
  const [, name, region] = RESOURCE.exec(text) ?? [];
  if (name === undefined || region === undefined)
    throw new InvalidArgumentError("Write it as NAME:REGION, such as forms-west:westus2.");
  return [...before, { name, region }];
}

async function start(
  { operations, io }: Invocation,
  { service, resource, ...options }: Options,
): Promise<Listening> {
  if (resource !== undefined && service !== "form-recognizer") {
    throw new HoldfastError("usage", "--resource goes with --service form-recognizer only.");
  }
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
  if (service === "form-recognizer") {
    const resources = resource === undefined ? {} : { resources: resource };
    const sandbox = await operations.startFormSandbox({ ...place, ...resources });
    return {
      document: { formRecognizer: { resources: sandbox.resources } },
      facts: sandbox.resources.flatMap(factsOf),
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

/** Everything that is needed to enter it as a source; the keys work on this machine only. */
function factsOf({ name, endpoint, keys, resourceId, region }: FormSandboxResource): [string, string][] {
  const variable = `${name.toUpperCase().replaceAll("-", "_")}_KEY`;
  return [
    [`resource ${name}`, endpoint],
    ["keys", `${keys.join(", ")} (only this machine reaches it)`],
    ["resource id", resourceId],
    ["region", region],
    ["set the key", `export ${variable}=${keys[0] ?? ""}`],
    [
      "enter it",
      `holdfast source add ${name} --kind form-recognizer --url ${endpoint} --key env:${variable} --region ${region} --resource-id '${resourceId}'`,
    ],
  ];
}
