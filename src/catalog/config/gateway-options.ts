/**
 * From the `gateway` section of the configuration to what the gateway is started with. No secret of a source is followed: the
 * applications bring their own.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { GatewayInstance, GatewaySettings } from "../../operations/gateway.ts";
import { durationMs } from "./duration.ts";
import type { EffectiveConfig } from "./effective.ts";
import { parseListen, type GatewayEntry } from "./gateway-schema.ts";
import { resolvePath, type Places } from "./places.ts";
import { readText } from "./source-options.ts";
import { sourceEntry } from "./workspace-options.ts";

/** Errors: `config-invalid` when the section is missing or names no Watson source; `source-unknown`. */
export async function gatewaySettings(config: EffectiveConfig): Promise<GatewaySettings> {
  const entry = config.document?.value.gateway;
  if (entry === undefined) {
    throw new HoldfastError(
      "config-invalid",
      `${config.location.path}:1:1: gateway is missing: it says where to listen, where to spool and which instances to serve.`,
    );
  }
  const { places } = config;
  const { tls, spoolBytes, flushEvery } = entry;
  return {
    listen: {
      ...(parseListen(entry.listen) as { readonly host: string; readonly port: number }),
      ...(tls === undefined ? {} : { tls: await readTls(tls, places) }),
    },
    spool: {
      folder: resolvePath(entry.spool, places),
      ...(spoolBytes === undefined ? {} : { maxBytes: spoolBytes }),
    },
    onUnreachable: entry.onUnreachable ?? "refuse",
    ...(flushEvery === undefined ? {} : { flushMs: durationMs(flushEvery) }),
    instances: await Promise.all(
      Object.entries(entry.instances).map(async ([prefix, name]) => instanceOf(config, prefix, name)),
    ),
  };
}

async function readTls({ cert, key }: NonNullable<GatewayEntry["tls"]>, places: Places) {
  return {
    cert: await readText(resolvePath(cert, places), "the gateway's certificate"),
    key: await readText(resolvePath(key, places), "the gateway's private key"),
  };
}

async function instanceOf(config: EffectiveConfig, prefix: string, name: string): Promise<GatewayInstance> {
  const source = sourceEntry(config, name);
  if (source.kind === "couchdb" || source.kind === "form-recognizer") {
    throw new HoldfastError(
      "config-invalid",
      `gateway.instances: ${name} is of kind ${source.kind}, of which uploads can be read back: only Watson sources go through the gateway.`,
    );
  }
  const { kind, url, ca, insecureTls } = source;
  return {
    source: name,
    kind,
    prefix: prefix === "/" ? "" : prefix,
    url,
    ...(ca === undefined
      ? {}
      : { ca: await readText(resolvePath(ca, config.places), `the certificates of source ${name}`) }),
    ...(insecureTls === undefined ? {} : { insecureTls }),
  };
}
