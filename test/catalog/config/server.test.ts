import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/catalog/config/document.ts";
import { loadConfig } from "../../../src/catalog/config/effective.ts";
import { scheduleSettings, serverFolder, serveSettings } from "../../../src/catalog/config/server-options.ts";

async function settingsOf(text: string, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-server-config-"));
  writeFileSync(join(folder, "holdfast.yaml"), text);
  const config = await loadConfig({ flags: {}, env, cwd: folder, home: "/nowhere" });
  return {
    folder,
    serverFolder: serverFolder(config),
    settings: await serveSettings(config),
    withoutSecrets: scheduleSettings(config),
  };
}

describe("the server section", () => {
  it("need not be there", async () => {
    const { folder, settings, serverFolder: own } = await settingsOf("sources: {}\n");
    expect(own).toBe(join(folder, "holdfast-server"));
    expect(settings).toEqual({
      windows: [],
      timezone: "UTC",
      jitterMs: 300_000,
      parallel: 4,
      perSource: 2,
      lookEveryMs: 900_000,
      check: { timeOfDay: "05:00", forMs: 600_000 },
      standbys: [],
      receivers: { webhooks: [], pings: [] },
    });
  });

  it("says what a server goes by", async () => {
    const { settings, serverFolder: own } = await settingsOf(`server:
  folder: /srv/holdfast
  windows: ["22:00-06:30", "12:00-24:00"]
  timezone: Europe/Berlin
  spread: 1h
  parallel: 8
  perSource: 1
  lookEvery: 5m
  check: { timeOfDay: "03:30", for: 1h }
standbys:
  dr: { source: a, target: b }
`);
    expect(own).toBe("/srv/holdfast");
    expect(settings).toEqual({
      windows: [
        { from: 1_320, to: 390 },
        { from: 720, to: 1_440 },
      ],
      timezone: "Europe/Berlin",
      jitterMs: 3_600_000,
      parallel: 8,
      perSource: 1,
      lookEveryMs: 300_000,
      check: { timeOfDay: "03:30", forMs: 3_600_000 },
      standbys: [{ name: "dr", source: "a", target: "b" }],
      receivers: { webhooks: [], pings: [] },
    });
    expect((await settingsOf("server: { check: false }\n")).settings.check).toBeNull();
  });

  it("follows the addresses of those who are told only when they are to be told", async () => {
    const text = 'server: { notify: { webhooks: ["env:HOOK"], pings: ["env:PING"] } }\n';
    const env = { HOOK: "https://hooks.example/T0", PING: "http://pings.example/uuid" };
    const { settings, withoutSecrets } = await settingsOf(text, env);
    expect(settings.receivers).toEqual({ webhooks: [env.HOOK], pings: [env.PING] });
    expect(withoutSecrets.receivers).toEqual({ webhooks: [], pings: [] });
    await expect(settingsOf(text, { ...env, PING: "pings.example" })).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("env:PING") as string,
    });
    await expect(settingsOf(text)).rejects.toMatchObject({ code: "secret-unavailable" });
  });

  it.each([
    ['server: { notify: { webhooks: ["https://hooks.example/T0"] } }', /a secret is not written here/],
    ['server: { windows: ["22-6"] }', /a window is written like "22:00-06:00"/],
    ["server: { windows: [] }", /windows/],
    ["server: { timezone: Berlin }", /is not a time zone/],
    ["server: { parallel: 0 }", /parallel/],
    ["server: { check: { timeOfDay: 5 } }", /timeOfDay/],
    ["server: { spred: 5m }", /spred/],
  ])("%s is refused", (text, why) => {
    expect(() => parseConfig(`${text}\n`, "/etc/holdfast.yaml")).toThrow(why);
  });
});
