/**
 * What the stand-in's resources hold. One process holds all resources, because a copy writes into another one.
 */
import type { Millis } from "../../model/clock.ts";

/** One Cognitive Services account. */
export interface ResourceOptions {
  readonly name: string;
  /** Short lower-case name: `westus2`. */
  readonly region: string;
  readonly subscription?: string;
  readonly resourceGroup?: string;
  /** Default: two made from the name. */
  readonly keys?: readonly [string, string];
  readonly tier?: "F0" | "S0";
  /** Encrypted with the customer's own keys: copies into resources that are not need the degrade header. */
  readonly encrypted?: boolean;
  /** Default 0: any free one. */
  readonly port?: number;
  /** Custom models it may hold; default 20,000. */
  readonly limit?: number;
}

/** A model or classifier as all versions of the API share it; each version shows its part of it. */
export interface StoredModel {
  readonly resource: string;
  readonly kind: "models" | "classifiers";
  readonly id: string;
  /** The version that it was made with: `v2.1`, `2022-08-31`, … v2.x shows only v2.x, later ones everything of v3.0 and later up to their own. */
  readonly apiVersion: string;
  /** `reserved`: v3 and later, authorised and not there yet: shown to nobody. */
  readonly status: "reserved" | "creating" | "ready" | "invalid";
  readonly name?: string;
  readonly description?: string;
  readonly tags: Readonly<Record<string, string>>;
  /** ISO, whole seconds, `Z`, as shown. */
  readonly created: string;
  readonly modified: string;
  readonly expires?: string;
  readonly composed: boolean;
  /** `labelled`, `unlabelled` (v2.x); `template`, `neural`; `classifier`; `composed`. */
  readonly buildMode: string;
  /** Members of the answer beside those above: `trainResult`, `composedTrainResults`, `keys`, `docTypes`, `azureBlobSource`, `classifierId`, `split`, … */
  readonly content: Readonly<Record<string, unknown>>;
}

/** A ticket that a resource issued. */
export interface StoredTicket {
  readonly resource: string;
  readonly kind: "models" | "classifiers";
  readonly targetId: string;
  readonly token: string;
  /** As issued: Unix seconds (v2.x) or an ISO time. */
  readonly expires: Millis;
  readonly description?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly used: boolean;
}

/** A copy, build or composition that is under way or over, of the resource that was asked. */
export interface StoredOperation {
  readonly resource: string;
  /** GUID of a v2.x copy result, or `<digits>_<guid>`. */
  readonly id: string;
  /** Such as `documentModelCopyTo`; of v2.x `copy`. */
  readonly kind: string;
  /** v2.x copies hang below their model. */
  readonly modelId?: string;
  readonly apiVersion: string;
  readonly status: "notStarted" | "running" | "succeeded" | "failed" | "canceled";
  readonly created: Millis;
  readonly updated: Millis;
  readonly resourceLocation?: string;
  readonly targetId: string;
  readonly error?: { readonly code: string; readonly message: string; readonly innererror?: unknown };
  readonly result?: unknown;
  readonly tags?: Readonly<Record<string, string>>;
}
