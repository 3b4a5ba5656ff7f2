/**
 * From the `server` section of the configuration to what the server is started with. Everything has a default: no section is needed.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { ServeSettings } from "../../operations/serve.ts";
import { parseWindow, type Window } from "../../schedule/windows.ts";
import { durationMs } from "./duration.ts";
import type { EffectiveConfig } from "./effective.ts";
import { resolvePath } from "./places.ts";
import { standbySettings } from "./standby-settings.ts";
import { resolveSecret, type SecretReference } from "./secret-reference.ts";

/** The server's own folder. */
export function serverFolder({ document, places }: EffectiveConfig): string {
  return resolvePath(document?.value.server?.folder ?? "holdfast-server", places);
}

/** Without the addresses of those who are told: they are secrets, and a look at the schedule needs none. */
export function scheduleSettings({ document }: EffectiveConfig): ServeSettings {
  const { server = {} } = document?.value ?? {};
  const { windows = [], timezone = "UTC", spread = "5m" } = server;
  const { parallel = 4, perSource = 2, lookEvery = "15m", check = {} } = server;
  return {
    windows: windows.map((text) => parseWindow(text) as Window),
    timezone,
    jitterMs: durationMs(spread),
    parallel,
    perSource,
    lookEveryMs: durationMs(lookEvery),
    check:
      check === false
        ? null
        : { timeOfDay: check.timeOfDay ?? "05:00", forMs: durationMs(check.for ?? "10m") },
    standbys: standbySettings(document?.value),
    receivers: { webhooks: [], pings: [] },
  };
}

/** Errors: `secret-unavailable`, `config-invalid` for an address that is none. */
export async function serveSettings(config: EffectiveConfig, signal?: AbortSignal): Promise<ServeSettings> {
  const { webhooks = [], pings = [] } = config.document?.value.server?.notify ?? {};
  const follow = async (references: readonly string[], what: string): Promise<string[]> =>
    Promise.all(references.map(async (reference) => address(reference, what, config, signal)));
  return {
    ...scheduleSettings(config),
    receivers: { webhooks: await follow(webhooks, "webhook"), pings: await follow(pings, "ping") },
  };
}

async function address(
  reference: string,
  what: string,
  config: EffectiveConfig,
  signal: AbortSignal | undefined,
): Promise<string> {
  const purpose = `the address of a ${what}`;
  const text = await resolveSecret(reference as SecretReference, purpose, config.places, signal);
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? "")) {
    throw new HoldfastError("config-invalid", `server.notify: ${reference} holds no http or https address.`);
  }
  return text;
}
