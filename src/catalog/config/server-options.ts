/**
 * From the `server` section of the configuration to what the server is started with. Everything has a default: no section is needed.
 */
import type { ServeSettings } from "../../operations/serve.ts";
import { parseWindow, type Window } from "../../schedule/windows.ts";
import { durationMs } from "./duration.ts";
import type { EffectiveConfig } from "./effective.ts";
import { resolvePath } from "./places.ts";

export function serveSettings({ document, places }: EffectiveConfig): ServeSettings {
  const { server = {}, standbys = {} } = document?.value ?? {};
  const { folder = "holdfast-server", windows = [], timezone = "UTC", spread = "5m" } = server;
  const { parallel = 4, perSource = 2, lookEvery = "15m", check = {} } = server;
  return {
    folder: resolvePath(folder, places),
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
    standbys: Object.entries(standbys).map(([name, standby]) => ({ name, ...standby })),
  };
}
