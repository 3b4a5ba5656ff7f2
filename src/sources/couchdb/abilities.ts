/**
 * What servers that speak the protocol do differently, as data: code asks for the ability, never for the product.
 */
export interface CouchAbilities {
  /** `PUT` of `multipart/related` documents works. */
  readonly multipart: boolean;
  /** `_bulk_get` without a revision answers with every leaf. */
  readonly bulkLeaves: boolean;
  /** `_revs_diff` names the leaves of a document of which an impossible revision is asked. */
  readonly possibleAncestors: boolean;
}

/** Apache CouchDB since 2.0 and Cloudant. */
export const COUCHDB_ABILITIES: CouchAbilities = {
  multipart: true,
  bulkLeaves: true,
  possibleAncestors: true,
};

/**
 * express-pouchdb 4.2: `_bulk_get` knows only winners, `_revs_diff` only what is missing, and a multipart request ends the
 * server's process.
 */
export const POUCHDB_ABILITIES: CouchAbilities = {
  multipart: false,
  bulkLeaves: false,
  possibleAncestors: false,
};
