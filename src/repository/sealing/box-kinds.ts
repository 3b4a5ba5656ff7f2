/**
 * Kinds of the boxes that hold keys. Published: a number is never given another meaning. Each of these keys seals one
 * box only, so the kinds of segments and manifests, which have keys of their own, are counted apart.
 */
export const BOX_KIND = {
  /** Private half of a data key, under a key derived from the read master. */
  dataKey: 1,
  /** A file's key, under a key agreed with a data key. */
  fileKey: 2,
  /** Payload of a key slot, under a key derived from a passphrase. */
  keySlot: 3,
} as const;
