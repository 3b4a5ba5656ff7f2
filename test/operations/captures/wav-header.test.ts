import { describe, expect, it } from "vitest";
import { WAV_HEAD_BYTES, wavFacts } from "../../../src/operations/captures/wav-header.ts";
import { wav } from "./wav.ts";

function facts(file: Buffer) {
  return wavFacts(file.subarray(0, WAV_HEAD_BYTES), file.length);
}

describe("the header of a WAV file", () => {
  it.each([
    [
      { seconds: 3, frequency: 8_000 },
      { codec: "pcm_s16le", frequency: 8_000, duration: 3 },
    ],
    [
      { seconds: 1, frequency: 22_050, bits: 8 },
      { codec: "pcm_u8", frequency: 22_050, duration: 1 },
    ],
    [
      { seconds: 2, frequency: 16_000, bits: 24 },
      { codec: "pcm_s24le", frequency: 16_000, duration: 2 },
    ],
  ])("of %j says %j", (sound, expected) => {
    expect(facts(wav(sound))).toEqual(expected);
  });

  it("finds the sound behind other chunks, at even places", () => {
    const plain = wav({ seconds: 1, frequency: 8_000 });
    const tags = Buffer.concat([Buffer.from("LIST\u0003\u0000\u0000\u0000abc", "latin1"), Buffer.alloc(1)]);
    const tagged = Buffer.concat([plain.subarray(0, 12), tags, plain.subarray(12)]);
    expect(facts(tagged)).toMatchObject({ frequency: 8_000, duration: 1 });
  });

  it("counts what is there where a writer did not know the length, or the file was cut off", () => {
    const plain = wav({ seconds: 4, frequency: 8_000 });
    const streamed = Buffer.from(plain);
    streamed.writeUInt32LE(0xff_ff_ff_ff, 40);
    expect(facts(streamed)?.duration).toBe(4);
    expect(facts(plain.subarray(0, 44 + 16_000))?.duration).toBe(1);
  });

  it("knows sounds that are no PCM by their format, and the real format of an extensible header", () => {
    const law = wav({ seconds: 1, frequency: 8_000, bits: 8 });
    law.writeUInt16LE(7, 20);
    expect(facts(law)?.codec).toBe("pcm_mulaw");
    const plain = wav({ seconds: 1, frequency: 8_000 });
    const extension = Buffer.alloc(24);
    extension.writeUInt16LE(3, 8);
    const extensible = Buffer.concat([plain.subarray(0, 36), extension, plain.subarray(36)]);
    extensible.writeUInt32LE(40, 16);
    extensible.writeUInt16LE(0xff_fe, 20);
    expect(facts(extensible)).toMatchObject({ codec: "pcm_f32le", duration: 1 });
  });

  it("is none in any other file", () => {
    for (const file of ["", "RIFF", "RIFF....AVI fmt ", "PK\u0003\u0004", "ID3"]) {
      expect(facts(Buffer.from(file))).toBeUndefined();
    }
  });
});
