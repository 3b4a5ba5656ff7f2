/**
 * Where a request goes, read from the raw path: everything in front of the last `/v1/` names the instance, the rest the call. Nothing is
 * collapsed or decoded before the path is taken apart, so `%2F` stays inside its segment.
 */
import { WatsonError, badRequest, noSuchRoute } from "./errors.ts";

/** The instance of paths that name none. */
export const NAMELESS_INSTANCE = "default";

const VERSION = "/v1/";
const NOT_FOUND = 404;

export interface Address {
  /** As sent, in front of `/v1/`. */
  readonly prefix: string;
  /** What follows `/instances/` in the prefix. */
  readonly instance: string;
  /** Decoded segments behind `/v1/`. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

/**
 * Throws 404 for a path without `/v1/`, and for one with an empty, `.` or `..` segment: such a path was made by collapsing another one,
 * and would act on something else than its sender meant.
 */
export function parseAddress(url: string): Address {
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const at = path.lastIndexOf(VERSION);
  if (at < 0) throw noSuchRoute();
  const prefix = path.slice(0, at);
  for (const segment of prefix.split("/").slice(1)) refuseDots(decode(segment), path);
  const segments = path
    .slice(at + VERSION.length)
    .split("/")
    .map((raw) => {
      const segment = decode(raw);
      refuseDots(segment, path);
      return segment;
    });
  return {
    prefix,
    instance: instanceOf(prefix),
    segments,
    query: new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)),
  };
}

function instanceOf(prefix: string): string {
  const match = /\/instances\/([^/]+)/.exec(prefix);
  return match?.[1] === undefined ? NAMELESS_INSTANCE : decode(match[1]);
}

function refuseDots(segment: string, path: string): void {
  if (segment !== "" && segment !== "." && segment !== "..") return;
  throw new WatsonError(NOT_FOUND, `Refused: '${path}' holds an empty, '.' or '..' segment`, {
    description: "No Such Resource",
  });
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`'${segment}' is not valid URL encoding`);
  }
}
