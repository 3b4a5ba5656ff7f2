/**
 * Which content a restore has put into the target under each name, noted in the id map: the service shows figures only, and a file of as
 * many words looks the same.
 */
import type { ResourceKind } from "../watson/keys.ts";

/** The group under which the digest (SHA-256, hex) of what was written as a file of a model is noted. */
export const CONTENT_GROUP = "content";

/** `id`: the target's model. */
export function contentName(id: string, kind: ResourceKind, name: string): string {
  return `${id}/${kind}/${name}`;
}
