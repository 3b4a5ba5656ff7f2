/**
 * The `gateway` section of the configuration file.
 */
import { z } from "zod";
import { duration, localPath } from "./members.ts";

/** `HOST:PORT`, `:PORT` or `PORT`; a host of IPv6 in brackets. */
const LISTEN = /^(?:(\[[0-9a-fA-F:.]+\]|[^\s:[\]]*):)?(\d{1,5})$/;
const LAST_PORT = 65_535;
/** Without a host only this machine is served. */
const DEFAULT_HOST = "127.0.0.1";
/** Path segments that every HTTP client leaves as they are. */
const PREFIX = /^\/([A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*)?$/;

/** Undefined for a text that names no place to listen at. */
export function parseListen(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, host, port] = LISTEN.exec(text) ?? [];
  if (port === undefined || Number(port) > LAST_PORT) return undefined;
  return {
    host: host === undefined || host === "" ? DEFAULT_HOST : host.replace(/^\[|\]$/g, ""),
    port: Number(port),
  };
}

export const gatewaySchema = z
  .strictObject({
    listen: z
      .string()
      .refine((text) => parseListen(text) !== undefined, {
        error: "write it as HOST:PORT, such as 0.0.0.0:8787",
      })
      .meta({ description: "Where the gateway listens: HOST:PORT, or PORT on this machine only." }),
    tls: z
      .strictObject({
        cert: localPath("PEM file of the certificate chain"),
        key: localPath("PEM file of its private key"),
      })
      .meta({ description: "Serve HTTPS (default: HTTP, for a mesh or proxy that ends TLS before it)." })
      .optional(),
    spool: localPath("Folder of this gateway alone, for what is not in the repository yet"),
    spoolBytes: z
      .int()
      .positive()
      .meta({ description: "Bytes on disk before the spool counts as full (default: 8 GiB)." })
      .optional(),
    onUnreachable: z
      .enum(["refuse", "pass"])
      .meta({
        description:
          "What happens to an upload that cannot be kept: refuse it, or pass it and raise an alarm (default: refuse).",
      })
      .optional(),
    flushEvery: duration(
      "Longest time that an accepted upload waits for others before it is committed",
    ).optional(),
    instances: z
      .record(
        z.string().regex(PREFIX, { error: "a prefix is a path such as /stt, or / for everything else" }),
        z.string().min(1).meta({ description: "The configured source whose instance is served there." }),
      )
      .refine((instances) => Object.keys(instances).length > 0, { error: "name at least one instance" })
      .meta({ description: "Which source's instance is served under which path." }),
  })
  .meta({ description: "The capture gateway between applications and Watson services." });

export type GatewayEntry = z.infer<typeof gatewaySchema>;
