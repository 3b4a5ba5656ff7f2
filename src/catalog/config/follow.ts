/**
 * The way from what a source's entry refers to, to what it is.
 */
import type { SecretReference } from "./secret-reference.ts";

/** How secrets and files of one source are followed. */
export interface Follow {
  /** Errors: `secret-unavailable`. */
  secret(reference: SecretReference, what: string): Promise<string>;
  /** Errors: `config-invalid`. */
  file(path: string, what: string): Promise<string>;
}
