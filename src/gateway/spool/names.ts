/**
 * How the spool's files are named.
 */

/** A request under way. */
export const PART = ".part";
/** Accepted by the service, waiting for the repository. */
export const ACCEPTED = ".accepted";
