/**
 * The content types that an audio resource may have, with the parameters that some need.
 */
import { WatsonError, badRequest } from "../../watson/errors.ts";

export interface AudioType {
  /** Without parameters, in lower case. */
  readonly name: string;
  /** Hz. */
  readonly rate?: number;
  readonly channels?: number;
  readonly endianness?: string;
}

const AUDIO = new Set([
  "audio/alaw",
  "audio/basic",
  "audio/flac",
  "audio/g729",
  "audio/l16",
  "audio/mp3",
  "audio/mpeg",
  "audio/mulaw",
  "audio/ogg",
  "audio/wav",
  "audio/webm",
]);
const WITH_RATE = new Set(["audio/alaw", "audio/l16", "audio/mulaw"]);
const ARCHIVES = new Set(["application/zip", "application/gzip"]);
const UNSUPPORTED_MEDIA_TYPE = 415;

export function isArchive(type: AudioType): boolean {
  return ARCHIVES.has(type.name);
}

/** Of the request's body. Throws 415 for a type that is no audio, 400 for one without its rate. */
export function audioType(header: string | undefined): AudioType {
  const type = parse(header ?? "");
  if (isArchive(type)) return type;
  checked(type, "Content-Type");
  return type;
}

/** Of an archive's members. Throws 400 when it is given for plain audio, or is itself no audio; undefined: not given. */
export function containedType(header: string | undefined, container: AudioType): AudioType | undefined {
  if (header === undefined || header === "") return undefined;
  if (!isArchive(container)) {
    throw badRequest("The header 'Contained-Content-Type' is for archives only");
  }
  const type = parse(header);
  if (!AUDIO.has(type.name)) {
    throw badRequest(`The header 'Contained-Content-Type' has the unsupported value '${header}'`);
  }
  checked(type, "Contained-Content-Type");
  return type;
}

function checked(type: AudioType, header: string): void {
  if (!AUDIO.has(type.name)) {
    throw new WatsonError(UNSUPPORTED_MEDIA_TYPE, `Unsupported media type '${type.name}'`);
  }
  if (WITH_RATE.has(type.name) && type.rate === undefined) {
    throw badRequest(`The header '${header}' with '${type.name}' needs the parameter 'rate'`);
  }
}

function parse(header: string): AudioType {
  const [name = "", ...rest] = header.split(";").map((part) => part.trim().toLowerCase());
  const parameters = new Map(
    rest.map((part) => part.split("=", 2).map((side) => side.trim()) as [string, string]),
  );
  const rate = whole(parameters.get("rate"));
  const channels = whole(parameters.get("channels"));
  const endianness = parameters.get("endianness");
  return {
    name,
    ...(rate === undefined ? {} : { rate }),
    ...(channels === undefined ? {} : { channels }),
    ...(endianness === undefined ? {} : { endianness }),
  };
}

function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
}
