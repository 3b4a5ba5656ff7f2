/**
 * Which operation a request is: a pure function of the method and the raw path, as the service routes it.
 */
import type { InstanceKind } from "../options.ts";
import { OPERATIONS, STATELESS_PATHS, type Operation } from "./operations.ts";

export interface Classified {
  readonly operation: Operation;
  /** Decoded names from the path. */
  readonly names: Readonly<Record<string, string>>;
}

interface Pattern {
  readonly operation: Operation;
  readonly segments: readonly string[];
}

const PATTERNS: readonly Pattern[] = OPERATIONS.map((operation) => ({
  operation,
  segments: operation.path.split("/").slice(1),
}));

const CHANGING: ReadonlySet<string> = new Set(["POST", "PUT", "DELETE", "PATCH"]);

/**
 * `path`: raw, below the instance, without the query. Undefined for everything that is not kept, and for paths that servers
 * read in different ways (`.`, `..`, empty segments): a service that collapses them deletes something else than the path
 * says, so nothing may be concluded from them. One trailing slash after an upload is forgiven: if the service takes it, it is one.
 */
export function classify(kind: InstanceKind, method: string, path: string): Classified | undefined {
  const trimmed = method !== "DELETE" && path.endsWith("/") ? path.slice(0, -1) : path;
  const segments = trimmed.split("/").slice(1).map(decoded);
  if (segments.some((segment) => segment === undefined || /^\.{0,2}$/.test(segment))) return undefined;
  for (const { operation, segments: pattern } of PATTERNS) {
    if (operation.kind !== kind || operation.method !== method || pattern.length !== segments.length) {
      continue;
    }
    const names = match(pattern, segments as string[]);
    if (names !== undefined) return { operation, names };
  }
  return undefined;
}

/** Whether an unclassified request may have changed what the service stores. */
export function mayChange(method: string, path: string): boolean {
  return CHANGING.has(method) && !STATELESS_PATHS.has(path);
}

export function operationNamed(kind: InstanceKind, name: string): Operation | undefined {
  return OPERATIONS.find((operation) => operation.kind === kind && operation.name === name);
}

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const names: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] as string;
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (part !== segment) return undefined;
    } else if (name === "id" && segment.includes("/")) {
      // An id with a slash would be read as another key; no service makes one.
      return undefined;
    } else {
      names[name] = segment;
    }
  }
  return names;
}

/** Undefined for what cannot be decoded. */
function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
