/**
 * The models that belong to the service: every resource lists them among its own.
 */
import type { StoredModel } from "../stored.ts";

/** Id → what it is for; a part of what the service has. */
const PREBUILT: Readonly<Record<string, string>> = {
  "prebuilt-idDocument": "Prebuilt model to extract key information from ID documents.",
  "prebuilt-invoice": "Prebuilt model to extract key information from invoices.",
  "prebuilt-layout": "Layout analysis of documents.",
  "prebuilt-read": "Text extraction from documents.",
  "prebuilt-receipt": "Prebuilt model to extract key information from receipts.",
};
/** The oldest version that is served: all of them show these models. */
const SINCE = "2022-08-31";
const CREATED = "2022-08-31T00:00:00Z";

/** In ascending order of ids. */
export function prebuiltModels(resource: string): readonly StoredModel[] {
  return Object.entries(PREBUILT).map(([id, description]) => ({
    resource,
    kind: "models",
    id,
    apiVersion: SINCE,
    status: "ready",
    description,
    tags: {},
    created: CREATED,
    modified: CREATED,
    composed: false,
    buildMode: "template",
    content: { docTypes: { [id.slice("prebuilt-".length)]: { fieldSchema: {} } } },
  }));
}
