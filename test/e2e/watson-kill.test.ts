/**
 * A restore of custom models by a real process that is killed at some request, and repeated: each model exists once, and equal.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DEFAULT_INSTANCE } from "../../src/sandbox/watson/index.ts";
import { startWatsonStt, type WatsonSttSandbox } from "../../src/sandbox/watson-stt/index.ts";
import { runKilled, runWell, type Ended } from "./killed-process.ts";

const TASK = "prod/language-models";
const CORPUS = "The claim was filed with Holdfast Mutual.\n";
const MODELS = ["Claims", "Calls"];

/** Every so many requests of the restore one kill: each costs three processes. `HOLDFAST_SWEEP_ALL=1` tries all. */
const STEP = process.env["HOLDFAST_SWEEP_ALL"] === "1" ? 1 : 11;

class House {
  readonly sandbox: WatsonSttSandbox;
  readonly #folder: string;

  constructor(sandbox: WatsonSttSandbox, folder: string) {
    this.sandbox = sandbox;
    this.#folder = folder;
  }

  /** `struck`: the process is killed when this says so. */
  async run(args: readonly string[], struck?: () => boolean): Promise<Ended> {
    return await runKilled(args, this.#env(), struck);
  }

  async expectDone(...args: string[]): Promise<string> {
    return await runWell(args, this.#env());
  }

  #env(): NodeJS.ProcessEnv {
    return { HOLDFAST_CONFIG: join(this.#folder, "holdfast.yaml"), PASS: "p", KEY: this.sandbox.apiKey };
  }

  async call(method: string, path: string, body?: string | object, instance = DEFAULT_INSTANCE) {
    const isText = typeof body === "string";
    const answer = await fetch(`${this.sandbox.instance(instance)}/v1/customizations${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`apikey:${this.sandbox.apiKey}`).toString("base64")}`,
        "content-type": isText ? "text/plain" : "application/json",
      },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
    return (await answer.json()) as {
      customization_id: string;
      customizations: { name: string; status: string }[];
    };
  }

  async configure(instance: string): Promise<void> {
    const auth = 'auth: { type: apikey, apiKey: "env:KEY" }, poll: 1ms';
    const lines = [
      `repository: { folder: ${join(this.#folder, "repository")}, passphrase: "env:PASS" }`,
      "sources:",
      `  prod: { kind: watson-stt, url: "${this.sandbox.url}", ${auth} }`,
      `  dr: { kind: watson-stt, url: "${this.sandbox.instance(instance)}", ${auth} }`,
    ];
    await writeFile(join(this.#folder, "holdfast.yaml"), lines.join("\n"));
  }
}

it(
  "makes nothing twice and forgets nothing, wherever the process was killed",
  { timeout: 240_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-watson-kill-"));
    const sandbox = await startWatsonStt();
    try {
      const house = new House(sandbox, folder);
      await house.configure("first");
      await house.expectDone("init");
      await writeFile(join(folder, "corpus.txt"), CORPUS);
      for (const name of MODELS) {
        const { customization_id: id } = await house.call("POST", "", {
          name,
          base_model_name: "en-US_Telephony",
        });
        await house.call("POST", `/${id}/corpora/q1`, CORPUS);
        await house.call("POST", `/${id}/words`, { words: [{ word: "IBM", sounds_like: ["I B M"] }] });
        await house.call("POST", `/${id}/train`);
      }
      await house.expectDone("backup", TASK);
      for (const model of MODELS)
        await house.expectDone(
          "capture",
          "add",
          "prod",
          "--model",
          model,
          "--corpus",
          "q1",
          join(folder, "corpus.txt"),
        );
      const restore = ["restore", TASK, "--all", "--to-source", "dr", "--yes"];
      sandbox.requests.reset();
      await house.expectDone(...restore);
      const requests = sandbox.requests.count();
      expect(requests).toBeGreaterThan(20);

      for (let at = 0; at < requests; at += STEP) {
        // By turns before the service has done what was asked, and right after.
        const [kind, hangs] =
          (at / STEP) % 2 === 0 ? (["hang", at] as const) : (["answer-lost", at + 1] as const);
        const instance = `${kind}-${at}`;
        await house.configure(instance);
        if (kind === "answer-lost") sandbox.faults.add({ kind, match: { instance }, after: at, times: 1 });
        sandbox.faults.add({ kind: "hang", match: { instance }, after: hangs });
        const { code } = await house.run(restore, () =>
          sandbox.faults.list().some(({ fault, acted }) => fault.kind === "hang" && acted > 0),
        );
        expect([instance, code]).toEqual([instance, null]);
        sandbox.faults.clear();
        await house.expectDone(...restore);
        await house.expectDone("compare", TASK, "--to-source", "dr");
        const { customizations } = await house.call("GET", "", undefined, instance);
        const there = customizations.map(({ name, status }) => `${name} ${status}`).sort();
        expect([instance, ...there]).toEqual([instance, "Calls available", "Claims available"]);
      }
    } finally {
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
