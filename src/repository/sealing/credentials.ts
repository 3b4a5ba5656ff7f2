/**
 * What a person or an agent proves its right with, and what a new key slot is made for.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { Right } from "./keyring.ts";

/** Opens a key slot. Never logged, never part of an error. */
export type Credential =
  | { readonly kind: "passphrase"; readonly passphrase: string }
  /** `AGE-SECRET-KEY-1…`, or the text of an identity file: one identity a line, `#` begins a comment. */
  | { readonly kind: "identity"; readonly identity: string };

/** Makes a key slot. */
export type NewSlot = {
  /** For people: whose key it is. Plain text in the repository. */
  readonly label: string;
  readonly right: Right;
} & (
  | { readonly kind: "passphrase"; readonly passphrase: string; readonly kdf?: KdfCost }
  /** `age1…`. */
  | { readonly kind: "age"; readonly recipient: string }
);

/** What guessing a passphrase costs (RFC 9106). */
export interface KdfCost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
}

/**
 * The identities in a text. Errors: `config-invalid`, naming the line but not quoting it.
 */
export function identitiesIn(text: string): string[] {
  const identities: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const content = line.trim();
    if (content === "" || content.startsWith("#")) continue;
    if (!content.startsWith("AGE-SECRET-KEY-")) {
      throw new HoldfastError(
        "config-invalid",
        `Line ${index + 1} of the age identity is no AGE-SECRET-KEY-….`,
      );
    }
    identities.push(content);
  }
  if (identities.length === 0) {
    throw new HoldfastError(
      "config-invalid",
      "The age identity that was given holds no AGE-SECRET-KEY-… line.",
    );
  }
  return identities;
}
