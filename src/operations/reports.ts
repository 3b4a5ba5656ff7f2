/**
 * What operations tell their callers (the command line, the API, the library). Plain data: every field survives JSON,
 * times are ISO 8601 UTC with milliseconds, sizes are bytes, durations ms. Field names are published; add, never rename.
 */
export type * from "./reports/tasks.ts";
export type * from "./reports/marks.ts";
export type * from "./reports/items.ts";
export type * from "./reports/restores.ts";
export type * from "./reports/care.ts";
export type * from "./reports/retention.ts";
export type * from "./reports/erasures.ts";
export type * from "./reports/exchange.ts";
export type * from "./reports/standbys.ts";
export type * from "./reports/serving.ts";
export type * from "./reports/readiness.ts";
export type * from "./reports/captures.ts";
