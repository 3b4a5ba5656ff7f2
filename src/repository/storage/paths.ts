/**
 * Which object paths are legal. Every backend checks with these functions before it touches anything, so that a path
 * that came out of a damaged or hostile file can never lead outside the repository.
 */
import { HoldfastError } from "../../model/errors.ts";

/** Top folder that a backend may use for unfinished work; no object lies there, on any backend. */
export const TEMPORARY_FOLDER = "tmp";

/** Longest path in bytes: what S3 allows for a key. */
const LONGEST_PATH = 1024;
/** Longest segment in bytes: what the common file systems allow for a name. */
const LONGEST_SEGMENT = 255;

const SEGMENT = /^[A-Za-z0-9._-]+$/;

function isSegment(text: string): boolean {
  return SEGMENT.test(text) && text !== "." && text !== ".." && text.length <= LONGEST_SEGMENT;
}

function refuse(path: string): never {
  throw new HoldfastError("internal", `Refused the illegal object path ${JSON.stringify(path)}.`, { path });
}

/** Throws `internal` unless `path` may name an object. */
export function checkPath(path: string): void {
  const segments = path.split("/");
  if (path.length > LONGEST_PATH || !segments.every(isSegment) || segments[0] === TEMPORARY_FOLDER) {
    refuse(path);
  }
}

/** Throws `internal` unless `prefix` may begin an object's path; the empty prefix begins them all. */
export function checkPrefix(prefix: string): void {
  const segments = prefix.split("/");
  const last = segments.pop() as string;
  const lastIsStart = last === "" || last === "." || last === ".." || isSegment(last);
  const inTemporary = segments[0] === TEMPORARY_FOLDER;
  if (prefix.length > LONGEST_PATH || inTemporary || !segments.every(isSegment) || !lastIsStart)
    refuse(prefix);
}
