/**
 * What the service finds out about an audio resource: whether it can be used with the model's sampling rate, how long it is, and of an
 * archive what is in it.
 */
import type { Readable } from "node:stream";

import { badRequest } from "../../watson/errors.ts";
import type { MemberSink } from "./archive.ts";
import { eachTarMember, eachZipMember } from "./archive.ts";
import type { AudioType } from "./audio-type.ts";
import { isArchive } from "./audio-type.ts";
import type { AudioFacts } from "./probe.ts";
import { audioProbing } from "./read-audio.ts";

export interface AudioDetails {
  readonly type: "audio" | "archive" | "undetermined";
  readonly codec?: string;
  readonly frequency?: number;
  readonly compression?: "zip" | "gzip";
}

/** One resource, or one member of an archive. */
export interface AnalysedAudio {
  readonly name: string;
  /** Seconds. */
  readonly duration: number;
  readonly details: AudioDetails;
  readonly status: "ok" | "invalid";
}

export interface Analysis {
  readonly resource: AnalysedAudio;
  /** Of an archive. */
  readonly members?: readonly AnalysedAudio[];
}

/** Characters of a member's name with its folders. */
const MAX_MEMBER_NAME = 128;
/** Members whose name says that they have no header. */
const RAW_MEMBER = /\.(alaw|al|l16|mulaw|ul|pcm|raw)$/i;
/** Digits of a duration, in seconds. */
const DURATION_DIGITS = 2;

export interface AudioToAnalyse {
  readonly name: string;
  readonly type: AudioType;
  readonly contained: AudioType | undefined;
  /** Least sampling rate of the base model, Hz. */
  readonly rate: number;
}

/** Throws 400 when an archive needs a `Contained-Content-Type` and has none. */
export async function analyse(content: Readable, audio: AudioToAnalyse): Promise<Analysis> {
  if (isArchive(audio.type)) return analyseArchive(content, audio);
  const probing = audioProbing(audio.type);
  for await (const piece of content as AsyncIterable<Buffer>) probing.push(piece);
  return { resource: judged(audio.name, probing.end(), audio.rate) };
}

async function analyseArchive(content: Readable, audio: AudioToAnalyse): Promise<Analysis> {
  const compression = audio.type.name === "application/zip" ? "zip" : "gzip";
  const members: AnalysedAudio[] = [];
  let untold: string | undefined;
  const open = (name: string): MemberSink => {
    if (audio.contained === undefined && RAW_MEMBER.test(name)) untold ??= name;
    const probing = audioProbing(audio.contained);
    return {
      push: (bytes) => {
        probing.push(bytes);
      },
      end: (whole) => {
        const facts = whole && name.length <= MAX_MEMBER_NAME ? probing.end() : undefined;
        members.push(judged(name, facts, audio.rate));
      },
    };
  };
  const readable = await (compression === "zip" ? eachZipMember : eachTarMember)(content, open);
  if (untold !== undefined) {
    throw badRequest(`The header 'Contained-Content-Type' is required for the audio file '${untold}'`);
  }
  if (!readable || members.length === 0) {
    return {
      resource: { name: audio.name, duration: 0, details: { type: "undetermined" }, status: "invalid" },
    };
  }
  const duration = members.reduce((sum, member) => sum + member.duration, 0);
  const status = members.every((member) => member.status === "ok") ? "ok" : "invalid";
  return {
    resource: {
      name: audio.name,
      duration: rounded(duration),
      details: { type: "archive", compression },
      status,
    },
    members,
  };
}

function judged(name: string, facts: AudioFacts | undefined, rate: number): AnalysedAudio {
  if (facts === undefined) {
    return { name, duration: 0, details: { type: "undetermined" }, status: "invalid" };
  }
  const { codec, frequency, duration } = facts;
  return {
    name,
    duration: rounded(duration),
    details: { type: "audio", codec, frequency },
    status: frequency >= rate ? "ok" : "invalid",
  };
}

function rounded(seconds: number): number {
  return Number(seconds.toFixed(DURATION_DIGITS));
}
