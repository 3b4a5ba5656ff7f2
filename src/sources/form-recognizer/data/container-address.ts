/**
 * Where a container is and with what it is opened, split so that no signature or key can be shown again.
 */
import { createHmac } from "node:crypto";
import type { Millis } from "../../../model/clock.ts";
import { HoldfastError } from "../../../model/errors.ts";
import type { ContainerConfig } from "../config.ts";

/** The newest form of the text that is signed that every service understands which we have to reach; also Azurite's. */
const SAS_VERSION = "2020-12-06";
const READ_AND_LIST = "rl";

export interface ContainerAddress {
  /** Without SAS; fit for messages. */
  readonly url: string;
  readonly container: string;
  /** Query text without `?`. A secret. */
  readonly sas?: string;
  readonly account?: { readonly name: string; readonly key: string };
}

/** Errors: `config-invalid`. The configured texts are never quoted. */
export function addressOf(config: ContainerConfig): ContainerAddress {
  const url = parsed(config.url);
  const container = url.pathname.split("/").filter((part) => part !== "");
  const name = container.at(-1);
  if (name === undefined) {
    throw new HoldfastError(
      "config-invalid",
      "the URL of a blob container must end with the container's name",
    );
  }
  const sas = (config.sas ?? url.search).replace(/^\?/, "");
  return {
    url: `${url.origin}/${container.join("/")}`,
    container: decodeURIComponent(name),
    ...(sas === "" ? {} : { sas }),
    ...(config.accountKey === undefined
      ? {}
      : { account: { name: accountOf(config, url), key: config.accountKey } }),
  };
}

/** Same container, whatever the scheme, the case of the host's name, a signature or a slash at the end. */
export function isSameContainer(one: string, other: string): boolean {
  const [left, right] = [placeOf(one), placeOf(other)];
  return left !== undefined && left === right;
}

/** The URL with a signature, made by the account's key, that lets a service read and list the container until then. A secret. */
export function signedUrl(
  { url, container }: ContainerAddress,
  account: { readonly name: string; readonly key: string },
  expires: Millis,
): string {
  const expiry = new Date(expires).toISOString().replace(/\.\d+Z$/, "Z");
  const resource = `/blob/${account.name}/${container}`;
  const fields = {
    permissions: READ_AND_LIST,
    start: "",
    expiry,
    resource,
    identifier: "",
    addresses: "",
    protocol: "",
    version: SAS_VERSION,
    kind: "c",
    snapshot: "",
    encryptionScope: "",
    answerHeaders: ["", "", "", "", ""].join("\n"),
  };
  const signature = createHmac("sha256", Buffer.from(account.key, "base64"))
    .update(Object.values(fields).join("\n"), "utf8")
    .digest("base64");
  const query = { sv: SAS_VERSION, se: expiry, sr: "c", sp: READ_AND_LIST, sig: signature };
  return `${url}?${new URLSearchParams(query).toString()}`;
}

/** When a signature ends, as it says itself; undefined where it leaves that to a stored policy. */
export function sasExpiry(sas: string): string | undefined {
  return new URLSearchParams(sas).get("se") ?? undefined;
}

function parsed(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new HoldfastError(
      "config-invalid",
      "the URL of a blob container must look like https://ACCOUNT.blob.core.windows.net/CONTAINER",
    );
  }
  return url;
}

function accountOf({ accountName }: ContainerConfig, url: URL): string {
  return accountName ?? (url.hostname.split(".")[0] as string);
}

function placeOf(text: string): string | undefined {
  const url = URL.parse(text);
  return url === null ? undefined : url.host.toLowerCase() + url.pathname.replace(/\/+$/, "");
}
