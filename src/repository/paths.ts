/**
 * Where things lie in a repository. The one place that knows names.
 */
import type { TaskName } from "../model/task.ts";

/** Digits of a manifest's generation: byte order is then numeric order. */
const GENERATION_DIGITS = 12;
const ORDINAL_DIGITS = 6;

export const TASKS = "tasks/";

export const manifestsOf = (task: TaskName): string => `tasks/${task}/manifests/`;
export const segmentsOf = (task: TaskName): string => `tasks/${task}/segments/`;
export const packsOf = (task: TaskName): string => `tasks/${task}/blobs/`;
export const runsOf = (task: TaskName): string => `tasks/${task}/runs/`;
export const leasesOf = (task: TaskName): string => `tasks/${task}/leases/`;
/** Records of ended runs, many in one object: cleanup packs them so that listing runs stays short. */
export const journalOf = (task: TaskName): string => `tasks/${task}/journal/`;
/** What checks have read back. */
export const checksOf = (task: TaskName): string => `tasks/${task}/checks/`;
/** Certificates of erasures. */
export const erasuresOf = (task: TaskName): string => `tasks/${task}/erasures/`;
export const restoresOf = (task: TaskName): string => `tasks/${task}/restores/`;

/** Which objects of their targets restores made for what is kept. */
export const idMapsOf = (task: TaskName): string => `tasks/${task}/ids/`;
/** The same for one target. */
export const idMapOf = (task: TaskName, target: string): string => `${idMapsOf(task)}${target}/`;

/** How far standbys have been brought. */
export const standbysOf = (task: TaskName): string => `tasks/${task}/standbys/`;
/** How far one standby has been brought. */
export const standbyRecordsOf = (task: TaskName, standby: string): string => `${standbysOf(task)}${standby}/`;

/** What is known of the copies of a timeline's items in standbys. */
export const copyLedgersOf = (task: TaskName): string => `tasks/${task}/copies/`;
export const copyLedgerOf = (task: TaskName, standby: string): string => `${copyLedgersOf(task)}${standby}/`;

/** Routing tables of standbys. */
export const routingTablesOf = (task: TaskName): string => `tasks/${task}/routes/`;
export const routingTablesFor = (task: TaskName, standby: string): string =>
  `${routingTablesOf(task)}${standby}/`;

/** Who works on standbys. */
export const claimsOf = (task: TaskName): string => `tasks/${task}/claims/`;
export const claimOf = (task: TaskName, standby: string): string => `${claimsOf(task)}${standby}/`;

export const segmentPath = (task: TaskName, id: string): string => `${segmentsOf(task)}${id}`;
export const leasePath = (task: TaskName, lease: string): string => `${leasesOf(task)}${lease}`;
export const packPath = (task: TaskName, id: string): string => `${packsOf(task)}${id}`;

export function manifestPath(task: TaskName, generation: number): string {
  return `${manifestsOf(task)}${String(generation).padStart(GENERATION_DIGITS, "0")}`;
}

/** The generation in a manifest's path; undefined for any other path. */
export function generationIn(path: string): number | undefined {
  const match = /\/manifests\/(\d{12})$/.exec(path);
  return match ? Number(match[1]) : undefined;
}

/** The nth checkpoint of a running run, from 1. */
export function checkpointPath(task: TaskName, run: string, ordinal: number): string {
  return `${runsOf(task)}${run}/${String(ordinal).padStart(ORDINAL_DIGITS, "0")}`;
}

/** The record of an ended run. */
export const runRecordPath = (task: TaskName, run: string): string => `${runsOf(task)}${run}/record`;

/** What one check has read back. */
export const checkRecordPath = (task: TaskName, check: string): string => `${checksOf(task)}${check}`;

export const erasurePath = (task: TaskName, erasure: string): string => `${erasuresOf(task)}${erasure}`;

/** The nth piece of a restore's undo record, from 1. */
export function restorePath(task: TaskName, restore: string, ordinal: number): string {
  return `${restoresOf(task)}${restore}/${String(ordinal).padStart(ORDINAL_DIGITS, "0")}`;
}
