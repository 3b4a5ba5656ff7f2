/**
 * A key slot as an object of the repository: plain fields that say how to open it, and the sealed payload with the
 * master keys. Described in docs/format/keys.md.
 */
import { z } from "zod";
import { HoldfastError } from "../../model/errors.ts";
import { BOX_KEY_BYTES } from "./box.ts";
import type { MasterKeys } from "./master-keys.ts";
import { lengthPrefixed } from "./parts.ts";
import { SALT_BYTES, isBoundedCost } from "./passphrase.ts";

export const KEYS = "keys/";
export const SLOT_FORMAT = 1;
const SLOT_PATH = /^keys\/([0-9a-f]{16})$/;
/** UTF-16 units; a label is a name or a sentence that people read in a list. */
export const LONGEST_LABEL = 200;
/** ISO 8601 takes 24 characters. */
const LONGEST_TIME = 40;

const base64Of = (length: number) =>
  z.base64().refine((text) => Buffer.from(text, "base64").length === length);

const plainFields = {
  format: z.literal(SLOT_FORMAT),
  repository: z.string().regex(/^[0-9a-f]{32}$/),
  /** The slot's id, 16 hex digits; also its file name. */
  slot: z.string().regex(/^[0-9a-f]{16}$/),
  label: z.string().max(LONGEST_LABEL),
  right: z.enum(["write", "read"]),
  /** ISO 8601, UTC. */
  created: z.string().max(LONGEST_TIME),
};

const kdfSchema = z
  .object({
    name: z.literal("argon2id"),
    salt: base64Of(SALT_BYTES),
    memoryKiB: z.int(),
    passes: z.int(),
    parallelism: z.int(),
  })
  .refine(isBoundedCost);

const slotSchema = z.discriminatedUnion("kind", [
  z.object({ ...plainFields, kind: z.literal("passphrase"), kdf: kdfSchema, sealed: z.base64() }),
  z.object({ ...plainFields, kind: z.literal("age"), recipient: z.string(), sealed: z.base64() }),
]);

const payloadSchema = z.object({
  repository: z.string(),
  write: base64Of(BOX_KEY_BYTES),
  read: base64Of(BOX_KEY_BYTES).optional(),
  /** In age payloads: SHA-256 of `boundFields`, hex. */
  fields: z.string().optional(),
});

export type SlotFile = z.infer<typeof slotSchema>;
/** `T` without `sealed`, for each kind. */
type Unsealed<T> = T extends unknown ? Omit<T, "sealed"> : never;
/** What anybody may read of a slot. */
export type SlotFields = Unsealed<SlotFile>;

export function slotPath(slot: string): string {
  return `${KEYS}${slot}`;
}

export function isSlotPath(path: string): boolean {
  return SLOT_PATH.test(path);
}

export function encodeSlot(fields: SlotFields, sealed: Buffer): Buffer {
  return Buffer.from(`${JSON.stringify({ ...fields, sealed: sealed.toString("base64") }, undefined, 2)}\n`);
}

/** Errors: `repository-newer` for a format to come; `object-damaged`. */
export function parseSlot(path: string, object: Buffer): SlotFile {
  const json = parseJson(path, object);
  const version = z.object({ format: z.int() }).safeParse(json);
  if (version.success && version.data.format > SLOT_FORMAT) {
    throw new HoldfastError("repository-newer", `The key slot ${path} was written by a newer Holdfast.`, {
      path,
    });
  }
  const slot = slotSchema.safeParse(json);
  if (!slot.success) {
    const where = slot.error.issues[0]?.path.join(".") ?? "";
    throw damagedSlot(path, `its field "${where}" is missing, malformed or out of bounds`);
  }
  if (slotPath(slot.data.slot) !== path) throw damagedSlot(path, "it is the file of another slot");
  return slot.data;
}

/** All plain fields as the bytes that the sealed payload is bound to. */
export function boundFields(fields: SlotFields): Buffer {
  const { format, repository, slot, label, right, kind, created } = fields;
  const common = ["holdfast key slot", String(format), repository, slot, label, right, kind, created];
  if (fields.kind === "age") return lengthPrefixed(...common, fields.recipient);
  const { name, salt, memoryKiB, passes, parallelism } = fields.kdf;
  return lengthPrefixed(...common, name, salt, String(memoryKiB), String(passes), String(parallelism));
}

/** The plain text of a slot's payload. `fields`: digest that binds an age payload to its slot. */
export function encodePayload(masters: MasterKeys, fields?: string): Buffer {
  const { repository, write, read } = masters;
  const payload = {
    repository,
    write: write.toString("base64"),
    ...(read && { read: read.toString("base64") }),
    ...(fields !== undefined && { fields }),
  };
  return Buffer.from(JSON.stringify(payload));
}

/** Errors: `object-damaged` for a payload that opened and is none. */
export function parsePayload(path: string, plain: Buffer): MasterKeys & { readonly fields?: string } {
  const payload = payloadSchema.safeParse(parseJson(path, plain));
  if (!payload.success) throw damagedSlot(path, "its payload is malformed");
  const { repository, write, read, fields } = payload.data;
  return {
    repository,
    write: Buffer.from(write, "base64"),
    ...(read !== undefined && { read: Buffer.from(read, "base64") }),
    ...(fields !== undefined && { fields }),
  };
}

function parseJson(path: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw damagedSlot(path, "it is no JSON");
  }
}

export function damagedSlot(path: string, why: string): HoldfastError {
  return new HoldfastError("object-damaged", `The key slot ${path} is damaged: ${why}.`, { path });
}
