/** The package carries no types; this is the one function that is used. */
declare module "pouchdb-selector-core" {
  /** Whether the document matches; selectors may be plain objects of fields and operators. */
  export function matchesSelector(document: object, selector: object): boolean;
}
