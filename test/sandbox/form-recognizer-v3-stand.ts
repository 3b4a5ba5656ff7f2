/**
 * Two resources in two regions and a data set to train from, and plain calls to them.
 */
import type {
  FormRecognizerOptions,
  FormRecognizerSandbox,
} from "../../src/sandbox/form-recognizer/index.ts";
import { startFormRecognizer } from "../../src/sandbox/form-recognizer/index.ts";
import type { TrainingFolder } from "./form-recognizer-training-folder.ts";
import { trainingFolder } from "./form-recognizer-training-folder.ts";

export const START = Date.UTC(2024, 11, 10, 2, 35, 20);
export const CONTAINER = "https://storageaccount.blob.core.windows.net/training";
/** As an SDK would be given it. */
export const SOURCE = `${CONTAINER}?sv=2020-08-04&sig=secret`;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined for an empty answer. */
  readonly body: Record<string, unknown>;
}

export interface Stand extends AsyncDisposable {
  readonly sandbox: FormRecognizerSandbox;
  readonly folder: TrainingFolder;
  /** With the resource's key. `path`: with its query, or a whole URL. */
  call(
    resource: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
}

/** `west` in westus2 and `east` in eastus; `vault` is like west, but encrypted with its customer's own keys. */
export async function startStand(options: Partial<FormRecognizerOptions> = {}): Promise<Stand> {
  const folder = await trainingFolder();
  await folder.labelled(["a.pdf", "b.pdf", "c.pdf", "d.pdf", "e.pdf"], {
    Merchant: "string",
    Total: "number",
  });
  const sandbox = await startFormRecognizer({
    resources: [
      { name: "west", region: "westus2" },
      { name: "east", region: "eastus" },
      { name: "vault", region: "westus2", encrypted: true },
    ],
    manualClockFrom: START,
    containers: { [CONTAINER]: folder.path },
    ...options,
  });
  return {
    sandbox,
    folder,
    call: async (resource, method, path, body, headers) => {
      const { url, keys } = sandbox.resource(resource);
      const answer = await fetch(path.startsWith("http") ? path : url + path, {
        method,
        headers: { "Ocp-Apim-Subscription-Key": keys[0], "Content-Type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      const parsed = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
      return { status: answer.status, headers: answer.headers, text, body: parsed };
    },
    [Symbol.asyncDispose]: async () => {
      await sandbox.close();
      await folder.remove();
    },
  };
}
