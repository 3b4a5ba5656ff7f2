/**
 * The gateway over the repository: what applications upload through it becomes items of the source's tasks.
 */
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { catBlob } from "../../src/operations/cat.ts";
import {
  openGateway,
  type Gateway,
  type GatewayAlarm,
  type GatewaySettings,
} from "../../src/operations/gateway.ts";
import { listItems } from "../../src/operations/ls.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { startWatsonStt } from "../../src/sandbox/watson-stt/index.ts";
import { collect } from "../e2e/house.ts";
import { simulatedRepository } from "../simulation/sim-house.ts";
import { hookedStorage } from "../simulation/hooked-storage.ts";
import { SOURCE, TASK, watsonSettings } from "./captures/rig.ts";

const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

interface Setting {
  readonly gateway: Gateway;
  readonly workspace: Workspace;
  readonly alarms: GatewayAlarm[];
  readonly spool: string;
  /** Sends a request through the gateway; its status and JSON. */
  readonly send: (
    method: string,
    path: string,
    body?: string,
  ) => Promise<{ status: number; json: Record<string, unknown> }>;
}

async function setting(
  more: Partial<GatewaySettings> & { readonly spoolFolder?: string; readonly failing?: () => boolean } = {},
): Promise<Setting> {
  const {
    spoolFolder = mkdtempSync(join(tmpdir(), "holdfast-spool-")),
    failing = () => false,
    ...given
  } = more;
  const sandbox = await startWatsonStt();
  open.push(sandbox);
  const plain = simulatedRepository(1);
  const storage = hookedStorage(plain.storage, async (_call, _path, act) => {
    if (failing()) throw new Error("the storage is away");
    return await act();
  });
  const workspace = new Workspace({ ...plain, storage }, [watsonSettings(SOURCE, sandbox.url)]);
  const alarms: GatewayAlarm[] = [];
  const gateway = await openGateway(
    workspace,
    {
      listen: { host: "127.0.0.1", port: 0 },
      spool: { folder: spoolFolder },
      onUnreachable: "refuse",
      instances: [{ source: SOURCE, kind: "watson-stt", prefix: "/stt", url: sandbox.url }],
      ...given,
    },
    (alarm) => alarms.push(alarm),
  );
  open.push(gateway);
  const authorization = `Basic ${btoa(`apikey:${sandbox.apiKey}`)}`;
  return {
    gateway,
    workspace,
    alarms,
    spool: spoolFolder,
    async send(method, path, body) {
      const headers = {
        authorization,
        "content-type": path.includes("corpora") ? "text/plain" : "application/json",
      };
      const answer = await fetch(`${gateway.url}/stt${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
    },
  };
}

const MODEL = JSON.stringify({ name: "claims", base_model_name: "en-US_Telephony" });

async function keys(workspace: Workspace): Promise<string[]> {
  return (await collect(listItems(workspace, { task: TASK }))).map(({ key }) => key);
}

describe("the gateway over the repository", () => {
  it("keeps what the service accepted, and takes it away when it is deleted", async () => {
    const { send, gateway, workspace } = await setting();
    const created = await send("POST", "/v1/customizations", MODEL);
    const id = String(created.json["customization_id"]);
    expect(
      (await send("POST", `/v1/customizations/${id}/corpora/q2`, "the words of the corpus")).status,
    ).toBe(201);
    expect((await send("POST", `/v1/customizations/none/corpora/q2`, "of no model")).status).toBeGreaterThan(
      399,
    );
    await gateway.flush();
    expect(await keys(workspace)).toEqual([`captures/${id}/corpora/q2`, `captures/${id}/model`]);
    const item = `captures/${id}/corpora/q2`;
    const content = await collect(catBlob(workspace, { task: TASK, item, name: "content" }));
    expect(Buffer.concat(content).toString()).toBe("the words of the corpus");
    await send("DELETE", `/v1/customizations/${id}`);
    await gateway.flush();
    expect(await keys(workspace)).toEqual([]);
  });

  it("keeps uploads in a spool that only the repository's key opens, while the repository is away", async () => {
    let away = false;
    const { send, gateway, workspace, spool } = await setting({ failing: () => away });
    const created = await send("POST", "/v1/customizations", MODEL);
    await gateway.flush();
    away = true;
    const id = String(created.json["customization_id"]);
    const path = `/v1/customizations/${id}/corpora/q2`;
    await send("POST", path, "MARKED words of the corpus");
    await expect(gateway.flush()).rejects.toThrow(/could not be committed/);
    expect(gateway.health().status).toBe("degraded");
    const left = readdirSync(spool, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(left.length).toBeGreaterThan(0);
    for (const { parentPath, name } of left) {
      expect(readFileSync(join(parentPath, name)).includes("MARKED")).toBe(false);
    }
    away = false;
    await gateway.flush();
    expect(await keys(workspace)).toContain(`captures/${id}/corpora/q2`);
  });

  it("refuses to begin for a source that is not configured", async () => {
    const instances = [{ source: "nobody", kind: "watson-stt", prefix: "", url: "http://x" }] as const;
    await expect(setting({ instances })).rejects.toMatchObject({ code: "source-unknown" });
  });
});
