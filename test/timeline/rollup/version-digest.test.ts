import { expect, it } from "vitest";
import type { Version } from "../../../src/model/version.ts";
import { VersionDigest } from "../../../src/timeline/rollup/version-digest.ts";
import { blobRef, noise, OBSERVATION, version } from "../../repository/segment/rig.ts";

function digestOf(...versions: readonly Version[]): string {
  const digest = new VersionDigest();
  for (const one of versions) digest.add(one);
  return digest.finish();
}

it("differs wherever a version, or the order of two, does", () => {
  const plain = version("key", { blobs: [blobRef("a")] });
  const others: Version[] = [
    version("kex", { blobs: [blobRef("a")] }),
    { ...plain, kind: "deleted" },
    { ...plain, revision: `${plain.revision}0` },
    { ...plain, fingerprint: Buffer.alloc(8) },
    { ...plain, parts: [] },
    { ...plain, parts: [...plain.parts, Buffer.alloc(0)] },
    { ...plain, parts: [Buffer.from("{}")] },
    { ...plain, blobs: [] },
    ...["run", "sequence"].map((name) => ({ ...plain, observation: { ...OBSERVATION, [name]: "0" } })),
    { ...plain, observation: { ...OBSERVATION, at: 1 } },
    ...Object.entries(blobRef("a")).map(([name, value]) => ({
      ...plain,
      blobs: [{ ...blobRef("a"), [name]: typeof value === "number" ? value + 1 : `${value}0` }],
    })),
    // The same bytes, cut in other places.
    {
      ...plain,
      revision: plain.revision.slice(0, -1),
      observation: { ...OBSERVATION, sequence: `d${OBSERVATION.sequence}` },
    },
  ];
  const digests = [plain, ...others].map((one) => digestOf(one));
  expect(new Set(digests).size).toBe(digests.length);
  expect(digestOf(plain, others[0] as Version)).not.toBe(digestOf(others[0] as Version, plain));
  expect(digestOf(plain)).toBe(digestOf({ ...plain }));
});

it("sees the last byte of large bodies and of many small ones", () => {
  const body = noise(100_000);
  const changed = Buffer.from(body);
  changed[changed.length - 1] = (body.at(-1) as number) ^ 1;
  expect(digestOf(version("a", { parts: [body] }))).not.toBe(digestOf(version("a", { parts: [changed] })));
  const many = (last: string): string =>
    digestOf(
      ...Array.from({ length: 500 }, (_, i) => version(`k${i}`, { revision: i === 499 ? last : "1-a" })),
    );
  expect(many("1-b")).not.toBe(many("1-c"));
});
