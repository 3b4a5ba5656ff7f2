/**
 * `gateway`: puts the capture gateway between applications and their speech services, and what it keeps into the repository.
 *
 * It needs the repository's write right and nothing else: neither the read right nor any credential of the services, which the
 * applications bring themselves.
 */
import { startGateway, type Gateway, type GatewayAlarm } from "../gateway/index.ts";
import { commitCaptures } from "./captures/commit-captures.ts";
import type { Hooks } from "./hooks.ts";
import type { Workspace } from "./workspace.ts";

export type { Gateway, GatewayAlarm, GatewayHealth, InstanceHealth } from "../gateway/index.ts";

/** A configured source's instance, served under a path. */
export interface GatewayInstance {
  readonly source: string;
  readonly kind: "watson-tts" | "watson-stt";
  /** `/stt`; empty: everything that no other instance takes. */
  readonly prefix: string;
  /** Everything before `/v1`. */
  readonly url: string;
  readonly ca?: string;
  readonly insecureTls?: boolean;
}

export interface GatewaySettings {
  readonly listen: {
    readonly host: string;
    readonly port: number;
    /** PEM. */
    readonly tls?: { readonly cert: string; readonly key: string };
  };
  readonly spool: { readonly folder: string; readonly maxBytes?: number };
  readonly onUnreachable: "refuse" | "pass";
  readonly flushMs?: number;
  readonly instances: readonly GatewayInstance[];
}

/** What the spool's key is derived for: whoever may write to the repository may read what waits to be written. */
const SPOOL_PURPOSE = "gateway-spool";

/**
 * Listens until it is closed; what it keeps is committed by runs of the sources' tasks.
 * Errors: `config-invalid`, `source-unknown`, `wrong-key` for a spool of another repository, `task-busy` when another gateway uses the
 * spool, `file-failed`.
 */
export async function openGateway(
  workspace: Workspace,
  settings: GatewaySettings,
  alarm: (alarm: GatewayAlarm) => void,
  hooks: Pick<Hooks, "warn"> = {},
): Promise<Gateway> {
  for (const { source } of settings.instances) workspace.settings(source);
  const { flushMs } = settings;
  return startGateway({
    listen: settings.listen,
    instances: settings.instances.map(({ url, ...instance }) => ({ ...instance, target: new URL(url) })),
    spool: { ...settings.spool, key: workspace.repository.keyring.derive(SPOOL_PURPOSE) },
    ...(flushMs === undefined ? {} : { flush: { intervalMs: flushMs } }),
    onUnreachable: settings.onUnreachable,
    commit: async (source, captures) => {
      await commitCaptures(workspace, source, captures, hooks);
    },
    alarm,
    clock: workspace.clock,
  });
}
