/**
 * How the stand-in looks at audio: format, sampling rate and length, however the bytes are cut.
 */
import { describe, expect, test } from "vitest";

import type { AudioFacts } from "../../src/sandbox/watson-stt/audio/probe.ts";
import { audioProbing } from "../../src/sandbox/watson-stt/audio/read-audio.ts";
import { wavOf } from "./watson-stt-customisation-stand.ts";

function probed(bytes: Buffer, pieceBytes = bytes.length): AudioFacts | undefined {
  const probing = audioProbing(undefined);
  for (let at = 0; at < bytes.length; at += pieceBytes) probing.push(bytes.subarray(at, at + pieceBytes));
  return probing.end();
}

/** A FLAC that is nothing but its first block. */
function flacOf(rate: number, samples: number): Buffer {
  const info = Buffer.alloc(34);
  info.writeBigUInt64BE((BigInt(rate) << 44n) | (15n << 36n) | BigInt(samples), 10);
  return Buffer.concat([Buffer.from("fLaC\x80\0\0\x22", "latin1"), info]);
}

/** A page with one packet. */
function oggPage(position: bigint, packet: Buffer): Buffer {
  const header = Buffer.alloc(28);
  header.write("OggS", 0, "latin1");
  header.writeBigUInt64LE(position, 6);
  header.writeUInt8(1, 26);
  header.writeUInt8(packet.length, 27);
  return Buffer.concat([header, packet]);
}

function opusOf(seconds: number): Buffer {
  const head = Buffer.alloc(19);
  head.write("OpusHead", 0, "latin1");
  head.writeUInt16LE(312, 10);
  const end = BigInt(seconds * 48_000 + 312);
  return Buffer.concat([
    oggPage(0n, head),
    oggPage(48_000n, Buffer.alloc(200)),
    oggPage(end, Buffer.alloc(90)),
  ]);
}

function vorbisOf(rate: number, seconds: number): Buffer {
  const head = Buffer.alloc(30);
  head.write("\u0001vorbis", 0, "latin1");
  head.writeUInt32LE(rate, 12);
  return Buffer.concat([oggPage(0n, head), oggPage(BigInt(rate * seconds), Buffer.alloc(100))]);
}

/** MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes a frame. */
function mp3Of(frames: number, tag: Buffer = Buffer.alloc(0)): Buffer {
  const frame = Buffer.alloc(417);
  frame.writeUInt32BE(0xff_fb_90_00, 0);
  return Buffer.concat([tag, ...Array.from({ length: frames }, () => frame)]);
}

const ID3 = Buffer.concat([Buffer.from("ID3\x03\0\0\0\0\x01\x00", "latin1"), Buffer.alloc(128)]);

describe("audio", () => {
  test.for([
    ["WAV", wavOf({ seconds: 1.5 }), { codec: "pcm_s16le", frequency: 16_000, duration: 1.5 }],
    ["FLAC", flacOf(22_050, 44_100), { codec: "flac", frequency: 22_050, duration: 2 }],
    ["Opus in OGG", opusOf(3), { codec: "opus", frequency: 48_000, duration: 3 }],
    ["Vorbis in OGG", vorbisOf(16_000, 4), { codec: "vorbis", frequency: 16_000, duration: 4 }],
    ["MP3", mp3Of(100), { codec: "mp3", frequency: 44_100, duration: 2.612 }],
    ["MP3 with a tag", mp3Of(50, ID3), { codec: "mp3", frequency: 44_100, duration: 1.306 }],
  ] as const)("as %s tells what it is, however it is cut", ([, bytes, facts]) => {
    const { duration, ...rest } = probed(bytes) as AudioFacts;
    expect(rest).toEqual({ codec: facts.codec, frequency: facts.frequency });
    expect(duration).toBeCloseTo(facts.duration, 2);
    for (const size of [1, 7, 1000]) expect(probed(bytes, size)).toEqual({ ...rest, duration });
  });

  test("as a WAV with other chunks around its sound is read past them", () => {
    const wav = wavOf({ seconds: 1 });
    const list = Buffer.from("LIST\x03\0\0\0abc\0", "latin1");
    const bytes = Buffer.concat([wav.subarray(0, 12), list, wav.subarray(12)]);
    expect(probed(bytes)).toEqual({ codec: "pcm_s16le", frequency: 16_000, duration: 1 });
  });

  test("as a WAV that was cut off is as long as what is there", () => {
    const wav = wavOf({ seconds: 2 });
    expect(probed(wav.subarray(0, 44 + 32_000))?.duration).toBe(1);
  });

  test("as a WebM is known by the name of its codec", () => {
    const bytes = Buffer.concat([
      Buffer.from([0x1a, 0x45, 0xdf, 0xa3]),
      Buffer.alloc(60),
      Buffer.from("A_OPUS"),
      Buffer.alloc(3930),
    ]);
    expect(probed(bytes)).toMatchObject({ codec: "opus", frequency: 48_000, duration: 1 });
  });

  test.for([
    ["nothing", Buffer.alloc(0)],
    ["text", Buffer.from("this is no audio whatever it says")],
    ["a WAV without sound", wavOf({ seconds: 0 })],
    ["a WAV without its chunks", wavOf({ seconds: 1 }).subarray(0, 20)],
    ["an OGG of something else", oggPage(0n, Buffer.alloc(50, "x"))],
    ["a FLAC without its first block", Buffer.from("fLaC and no more")],
  ] as const)("that is %s is not readable", ([, bytes]) => {
    expect(probed(bytes)).toBeUndefined();
  });
});
