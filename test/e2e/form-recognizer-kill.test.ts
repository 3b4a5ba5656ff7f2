/**
 * A real `holdfast standby run` that is killed at some request, and run again: each model is copied once, and found.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { RoutingTable } from "../../src/model/routing-table.ts";
import { startFormRecognizer, type FormRecognizerSandbox } from "../../src/sandbox/form-recognizer/index.ts";
import { runKilled, runWell, type Ended } from "./killed-process.ts";

const MODELS = ["invoices", "receipts"];

/** Every so many requests of the run one kill: each costs two processes. `HOLDFAST_SWEEP_ALL=1` tries all. */
const STEP = process.env["HOLDFAST_SWEEP_ALL"] === "1" ? 1 : 8;

class House {
  readonly sandbox: FormRecognizerSandbox;
  readonly #folder: string;

  constructor(sandbox: FormRecognizerSandbox, folder: string) {
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
    return { HOLDFAST_CONFIG: join(this.#folder, "holdfast.yaml"), PASS: "p" };
  }

  /** `target`: the resource that the standby of the same name is kept in. */
  async configure(target: string): Promise<void> {
    const source = (name: string): string => {
      const { url, keys, region, resourceId } = this.sandbox.resource(name);
      const key = join(this.#folder, `${name}.key`);
      this.#keys.push([key, keys[0]]);
      return `  ${name}: { kind: form-recognizer, url: "${url}", auth: { type: key, key: "file:${key}" }, region: ${region}, resourceId: "${resourceId}", poll: 1ms }`;
    };
    const lines = [
      `repository: { folder: ${join(this.#folder, "repository")}, passphrase: "env:PASS" }`,
      "sources:",
      source("east"),
      source(target),
      `standbys: { ${target}: { source: east, target: ${target} } }`,
    ];
    for (const [path, key] of this.#keys) await writeFile(path, key);
    await writeFile(join(this.#folder, "holdfast.yaml"), lines.join("\n"));
  }

  readonly #keys: [string, string][] = [];
}

it(
  "copies nothing twice and forgets nothing, wherever the process was killed",
  { timeout: 240_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-form-kill-"));
    const regions = ["east", "west"].map((name) => ({ name, region: `${name}us` }));
    const sandbox = await startFormRecognizer({ resources: regions });
    try {
      const house = new House(sandbox, folder);
      for (const id of MODELS) sandbox.makeModel("east", { id, apiVersion: "2024-11-30" });
      await house.configure("west");
      await house.expectDone("init");
      await house.expectDone("backup", "east/resource");
      sandbox.requests.reset();
      await house.expectDone("standby", "run");
      const requests = sandbox.requests.count();
      expect(requests).toBeGreaterThan(10);

      let last = { target: "", ids: [] as string[] };
      for (let at = 0; at < requests; at += STEP) {
        const target = `west-${at}`;
        await sandbox.addResource({ name: target, region: "westus" });
        await house.configure(target);
        // By turns before the service has done what was asked, and right after.
        const isAfter = (at / STEP) % 2 === 1;
        if (isAfter) sandbox.faults.add({ kind: "answer-lost", after: at, times: 1 });
        sandbox.faults.add({ kind: "hang", after: isAfter ? at + 1 : at });
        const { code } = await house.run(["standby", "run"], () =>
          sandbox.faults.list().some(({ fault, acted }) => fault.kind === "hang" && acted > 0),
        );
        expect([target, code]).toEqual([target, null]);
        sandbox.faults.clear();
        await house.expectDone("standby", "run");
        const there = sandbox.models(target).filter(({ status }) => status === "ready");
        expect([target, there.length]).toEqual([target, MODELS.length]);
        last = { target, ids: there.map(({ id }) => id) };
      }
      const failover = await house.expectDone("standby", "failover", last.target, "--json");
      const { routes } = JSON.parse(failover) as RoutingTable;
      expect(routes.map(({ item, state }) => [item, state])).toEqual(
        MODELS.map((id) => [`models/${id}`, "ready"]),
      );
      expect(routes.map((route) => route.target).sort()).toEqual(last.ids.toSorted());
    } finally {
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
