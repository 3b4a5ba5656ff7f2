/**
 * A stand-in with the gateway in front of it: whoever asks the stand-in for its address gets the gateway's. So the suites that hold the
 * stand-ins to the vendor's SDK hold the gateway to it as well.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { startGateway, type InstanceKind } from "../../src/gateway/index.ts";

interface StandIn {
  readonly origin: string;
  readonly url: string;
  readonly port: number;
  instance(name: string): string;
  close(): Promise<void>;
}

export async function fronted<S extends StandIn>(kind: InstanceKind, standIn: S): Promise<S> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-fronted-"));
  const alarms: string[] = [];
  const gateway = await startGateway({
    listen: { host: "127.0.0.1", port: 0 },
    instances: [{ source: "prod", kind, prefix: "", target: new URL(standIn.origin) }],
    spool: { folder, key: randomBytes(32), sync: false },
    commit: async () => {},
    onUnreachable: "refuse",
    alarm: ({ message }) => alarms.push(message),
    clock: { now: () => performance.timeOrigin + performance.now() },
  });
  const close = async (): Promise<void> => {
    await gateway.close();
    await standIn.close();
    await rm(folder, { recursive: true });
    expect(alarms).toEqual([]);
  };
  const through = (url: string): string => url.replace(standIn.origin, gateway.url);
  const changed: Readonly<Record<string | symbol, unknown>> = {
    origin: gateway.url,
    url: through(standIn.url),
    port: Number(new URL(gateway.url).port),
    instance: (name: string) => through(standIn.instance(name)),
    close,
    [Symbol.asyncDispose]: close,
  };
  return new Proxy(standIn, {
    get: (target, name) => (name in changed ? changed[name] : Reflect.get(target, name)),
  });
}
