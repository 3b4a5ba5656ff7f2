/**
 * The accounts of one stand-in: who they are in Azure's words, which keys open them, and where a copy finds its target.
 */
import { timingSafeEqual } from "node:crypto";

import { guidOf } from "../http/guid.ts";
import { accessDenied } from "./errors.ts";
import type { ResourceOptions } from "./stored.ts";

const DEFAULT_SUBSCRIPTION = guidOf("sandbox subscription");
const DEFAULT_GROUP = "sandbox";
/** As real accounts show it. */
const DEFAULT_LIMIT = 20_000;

/** One account, whole. */
export interface Resource {
  readonly name: string;
  readonly region: string;
  readonly resourceId: string;
  readonly keys: readonly [string, string];
  readonly tier: "F0" | "S0";
  readonly encrypted: boolean;
  readonly limit: number;
}

export function resourceFrom(options: ResourceOptions): Resource {
  const { name, region, tier, encrypted, limit } = options;
  const key = (which: string): string => guidOf(`${which} of ${name}`).replaceAll("-", "");
  return {
    name,
    region,
    resourceId: `/subscriptions/${options.subscription ?? DEFAULT_SUBSCRIPTION}/resourceGroups/${options.resourceGroup ?? DEFAULT_GROUP}/providers/Microsoft.CognitiveServices/accounts/${name}`,
    keys: options.keys ?? [key("key1"), key("key2")],
    tier: tier ?? "S0",
    encrypted: encrypted ?? false,
    limit: limit ?? DEFAULT_LIMIT,
  };
}

export class Resources {
  readonly #byName = new Map<string, Resource>();
  readonly #tokens: Set<string>;

  /** `tokens`: bearer tokens that every resource takes. */
  constructor(tokens: readonly string[]) {
    this.#tokens = new Set(tokens);
  }

  add(resource: Resource): void {
    this.#byName.set(resource.name, resource);
  }

  find(name: string): Resource | undefined {
    return this.#byName.get(name);
  }

  all(): readonly Resource[] {
    return [...this.#byName.values()];
  }

  /** Azure's ids are the same in any case. */
  findById(resourceId: string): Resource | undefined {
    const wanted = resourceId.toLowerCase();
    return this.all().find((resource) => resource.resourceId.toLowerCase() === wanted);
  }

  /** From now on every resource takes this bearer token. */
  addToken(token: string): void {
    this.#tokens.add(token);
  }

  isToken(token: string): boolean {
    return this.#tokens.has(token);
  }

  /** The resource that a key opens. */
  ownerOfKey(key: string): Resource | undefined {
    return this.all().find((resource) => resource.keys.some((own) => sameText(own, key)));
  }

  /** Throws 401 unless the request brings a key of this resource or a token. */
  check(resource: Resource, key: string | undefined, authorization: string | undefined): void {
    if (key !== undefined) {
      if (resource.keys.some((own) => sameText(own, key))) return;
    } else {
      const [scheme = "", token = ""] = (authorization ?? "").split(" ");
      if (scheme.toLowerCase() === "bearer" && this.isToken(token)) return;
    }
    throw accessDenied();
  }
}

function sameText(left: string, right: string): boolean {
  const one = Buffer.from(left);
  const other = Buffer.from(right);
  return one.length === other.length && timingSafeEqual(one, other);
}
