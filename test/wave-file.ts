/**
 * WAV files of one channel.
 */

/** `frequency`: samples per second. */
export function waveFile(sound: Buffer, frequency: number, bits = 16): Buffer {
  const bytesPerSecond = (frequency * bits) / 8;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0, "latin1");
  head.writeUInt32LE(36 + sound.length, 4);
  head.write("WAVEfmt ", 8, "latin1");
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(frequency, 24);
  head.writeUInt32LE(bytesPerSecond, 28);
  head.writeUInt16LE(bits / 8, 32);
  head.writeUInt16LE(bits, 34);
  head.write("data", 36, "latin1");
  head.writeUInt32LE(sound.length, 40);
  return Buffer.concat([head, sound]);
}
