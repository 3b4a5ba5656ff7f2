/**
 * Which instance a request is for: the longest configured prefix of its raw path.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { InstanceOptions } from "../options.ts";

export interface Route<T> {
  readonly instance: T;
  /** Raw path below the instance; empty or beginning with a slash. */
  readonly path: string;
  /** Raw query without the question mark; undefined when there was none. */
  readonly query: string | undefined;
}

/** Paths of the gateway itself; never a prefix. */
export const OWN_PREFIX = "/_gateway";

export class Routes<T extends { readonly prefix: string }> {
  readonly #instances: readonly T[];

  constructor(instances: readonly T[]) {
    this.#instances = instances.toSorted((a, b) => b.prefix.length - a.prefix.length);
  }

  find(target: string): Route<T> | undefined {
    const { path, query } = splitTarget(target);
    for (const instance of this.#instances) {
      const { prefix } = instance;
      if (!path.startsWith(prefix)) continue;
      const rest = path.slice(prefix.length);
      if (rest === "" || rest.startsWith("/")) return { instance, path: rest, query };
    }
    return undefined;
  }
}

/** A request's target without scheme and host, where a client sends them. */
export function splitTarget(target: string): { readonly path: string; readonly query: string | undefined } {
  const local = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  const mark = local.indexOf("?");
  return mark === -1
    ? { path: local, query: undefined }
    : { path: local.slice(0, mark), query: local.slice(mark + 1) };
}

/** Prefixes without trailing slash, each once. Errors: `config-invalid`. */
export function checkedInstances(instances: readonly InstanceOptions[]): InstanceOptions[] {
  const seen = new Set<string>();
  return instances.map((instance) => {
    const { source, target } = instance;
    const refuse = (why: string): never => {
      throw new HoldfastError("config-invalid", `The gateway's instance for ${source} ${why}.`, { source });
    };
    const prefix = instance.prefix.replace(/\/+$/, "");
    if (prefix !== "" && !/^(\/[\w.~-]+)+$/.test(prefix)) {
      refuse("needs a prefix such as /stt: letters, digits, -, _, . and ~ between slashes");
    }
    if (prefix.split("/").some((segment) => segment === "." || segment === ".."))
      refuse("has . or .. in its prefix");
    if (prefix === OWN_PREFIX || prefix.startsWith(`${OWN_PREFIX}/`))
      refuse(`may not be served under ${OWN_PREFIX}`);
    if (seen.has(prefix)) refuse(`has the same prefix as another one: ${prefix === "" ? "none" : prefix}`);
    seen.add(prefix);
    if (target.protocol !== "http:" && target.protocol !== "https:")
      refuse("needs a target that begins with http:// or https://");
    if (target.username !== "" || target.password !== "")
      refuse("may have no credentials in its target: clients send their own");
    if (target.search !== "" || target.hash !== "") refuse("may have no query in its target");
    return { ...instance, prefix };
  });
}
