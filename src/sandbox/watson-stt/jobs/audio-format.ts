/**
 * Which kind of audio a recognition brings: what it says, or what its first bytes say when it says nothing useful. The vendor's SDK labels
 * audio `application/json` when its caller names no type.
 */
import { badRequest, unsupportedMediaType } from "../../watson/errors.ts";
import { audioType, isArchive } from "../audio/audio-type.ts";

/** Bytes that are enough to tell every container apart. */
export const SNIFFED_BYTES = 12;

/** Types that say nothing about the audio. */
const SILENT_TYPES = new Set([
  "",
  "application/json",
  "application/octet-stream",
  "application/x-www-form-urlencoded",
]);

/** Whether the type says what the audio is. Throws 415 for a type that is no audio, 400 for one that lacks its rate. */
export function tellsFormat(contentType: string | undefined): boolean {
  if (SILENT_TYPES.has((contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "")) return false;
  const type = audioType(contentType);
  if (isArchive(type)) throw unsupportedMediaType(type.name);
  return true;
}

/** Throws 400 when the first bytes belong to no format that shows itself. */
export function requireKnownFormat(head: Buffer): void {
  const text = head.toString("latin1");
  const isKnown =
    (text.startsWith("RIFF") && text.slice(8, 12) === "WAVE") ||
    ["fLaC", "OggS", "\x1aE\xdf\xa3", "ID3"].some((magic) => text.startsWith(magic)) ||
    isMpegFrame(head);
  if (!isKnown) {
    throw badRequest("unable to detect the format of the audio, specify it with the header 'Content-Type'");
  }
}

/** Eleven bits set begin a frame of MPEG audio. */
function isMpegFrame(head: Buffer): boolean {
  return head[0] === 0xff && ((head[1] ?? 0) & 0xe0) === 0xe0;
}
