/**
 * Audio resources as the service lists them. Of an archive the listing tells that it is one; its members are asked for apart.
 */
import type { CapturedVersion } from "../../../model/version.ts";
import { canonicalBytes } from "../../../model/json/canonical.ts";
import { resourceKey, type Named } from "../../watson/keys.ts";
import { listedVersion } from "../../watson/listed-versions.ts";
import { entryOf, required, text } from "../listing-entry.ts";

/** Figures of one recording may differ by this much (s) between two analyses of it. */
const DURATION_TOLERANCE_S = 1;

export interface AudioResource {
  readonly name: string;
  /** Seconds; 0 while it is being processed. */
  readonly duration: number;
  readonly status: string;
  /** Codec and frequency, or the archive's compression. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly raw: Buffer;
  /** Of an archive: the answer that lists its members. */
  readonly members: Buffer | undefined;
}

/** Errors: `source-protocol`. */
export function audioResourceOf(raw: Buffer, members?: Buffer): AudioResource {
  const entry = entryOf(raw);
  const { duration, details } = entry;
  return {
    name: required(entry, "name"),
    duration: typeof duration === "number" ? duration : 0,
    status: text(entry["status"]),
    details: typeof details === "object" && details !== null ? (details as Record<string, unknown>) : {},
    raw,
    members,
  };
}

export function isArchive({ details }: Pick<AudioResource, "details">): boolean {
  return details["type"] === "archive";
}

/** The listing's entry, and for an archive a second part with its members. */
export function audioItem(model: Named, audio: AudioResource): CapturedVersion {
  const item = listedVersion(resourceKey(model, "audio", audio.name), audio.raw);
  const { members } = audio;
  if (members === undefined) return item;
  const state = Buffer.concat([item.state, Buffer.from("\n"), canonicalBytes(members)]);
  return { ...item, state, parts: [audio.raw, members] };
}

/** Whether two listings tell of the same recording, as far as their figures show it; empty: they do. */
export function audioDifference(kept: AudioResource, present: AudioResource): string {
  const differing: string[] = [];
  if (kept.status !== present.status) differing.push(`it is ${present.status} and was ${kept.status}`);
  if (Math.abs(kept.duration - present.duration) > DURATION_TOLERANCE_S)
    differing.push(`it lasts ${present.duration} s and lasted ${kept.duration} s`);
  for (const name of new Set([...Object.keys(kept.details), ...Object.keys(present.details)])) {
    const [then, now] = [text(kept.details[name]), text(present.details[name])];
    if (then !== now) differing.push(`its ${name} is ${now || "unknown"} and was ${then || "unknown"}`);
  }
  const [then, now] = [memberFigures(kept), memberFigures(present)];
  if (then !== now) differing.push("its members differ");
  return differing.join("; ");
}

/** Names and whole seconds of an archive's members, in the order of their names. */
function memberFigures({ members }: AudioResource): string {
  if (members === undefined) return "";
  const { audio } = JSON.parse(members.toString("utf8")) as { readonly audio?: unknown };
  if (!Array.isArray(audio)) return "";
  return (audio as readonly { readonly name?: unknown; readonly duration?: unknown }[])
    .map(({ name, duration }) => `${String(name)} ${Math.round(Number(duration))}`)
    .sort()
    .join("\n");
}
