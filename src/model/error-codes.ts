/**
 * Every error code there is: a published table. Codes are never renamed or reused.
 *
 * `exit` keeps restic's meanings where there is one (1 failed, 2 usage, 3 incomplete, 10 no repository,
 * 11 busy, 12 wrong key, 130 interrupted); ours begin at 20.
 */

/** `retryable`: the same call may succeed later. `permanent`: it will not. `fatal`: stop everything. */
export type ErrorClass = "retryable" | "permanent" | "fatal";

export interface ErrorCodeEntry {
  readonly exit: number;
  readonly class: ErrorClass;
  /** What has happened, in one sentence. */
  readonly meaning: string;
  /** Whether anything was lost or changed. */
  readonly lost: string;
  /** What to do next. */
  readonly next: string;
}

const NOTHING = "Nothing was lost and nothing was changed.";
const TIMELINE_SAFE =
  "Nothing that was kept before is touched; the timeline still ends at the last good run.";

export const ERROR_CODES = {
  internal: {
    exit: 1,
    class: "fatal",
    meaning: "Holdfast met a state that its authors held impossible.",
    lost: TIMELINE_SAFE,
    next: "Run the command again; when it repeats, report it with the stack that --verbose prints.",
  },
  usage: {
    exit: 2,
    class: "permanent",
    meaning: "The command line asks for something that does not exist or does not fit together.",
    lost: NOTHING,
    next: "Read the command's --help.",
  },
  interrupted: {
    exit: 130,
    class: "permanent",
    meaning: "The command was stopped by a signal.",
    lost: `${TIMELINE_SAFE} A backup continues from its last checkpoint; a restore may be repeated and writes only what is missing.`,
    next: "Run the same command again.",
  },
  "config-invalid": {
    exit: 20,
    class: "permanent",
    meaning: "The configuration file does not fit its schema or names something that is missing.",
    lost: NOTHING,
    next: "Mend the place that the message names; `holdfast config show --origin` shows where each value comes from.",
  },
  "secret-unavailable": {
    exit: 20,
    class: "permanent",
    meaning: "A reference to a secret (env:, file:, cmd:) could not be followed.",
    lost: NOTHING,
    next: "Set the variable, or see that the file or command exists and that this user may read or run it.",
  },
  "source-unknown": {
    exit: 20,
    class: "permanent",
    meaning: "No source, task, run or item of this name is known.",
    lost: NOTHING,
    next: "See `holdfast source list` and `holdfast tasks`.",
  },
  "repository-missing": {
    exit: 10,
    class: "permanent",
    meaning: "There is no repository at this place.",
    lost: NOTHING,
    next: "Check the path; `holdfast init` makes a new repository.",
  },
  "repository-exists": {
    exit: 10,
    class: "permanent",
    meaning: "There already is a repository, or other data, at the place where a new one was to be made.",
    lost: NOTHING,
    next: "Use the existing repository, or choose an empty place.",
  },
  "repository-foreign": {
    exit: 10,
    class: "permanent",
    meaning: "The place holds something that is not a Holdfast repository, or the keys of another one.",
    lost: NOTHING,
    next: "Check the path. Never copy files between repositories.",
  },
  "repository-newer": {
    exit: 10,
    class: "permanent",
    meaning:
      "The repository was written by a newer Holdfast with a format or feature that this one does not know.",
    lost: NOTHING,
    next: "Install a newer Holdfast.",
  },
  "wrong-key": {
    exit: 12,
    class: "permanent",
    meaning: "No key slot of the repository opens with the passphrase or identity that was given.",
    lost: NOTHING,
    next: "Give the right passphrase or age identity; `holdfast key list` needs one that works.",
  },
  "no-read-right": {
    exit: 12,
    class: "permanent",
    meaning: "The key that was given may write new versions but not read kept ones.",
    lost: NOTHING,
    next: "Repeat with a key that has the read right.",
  },
  "last-key": {
    exit: 2,
    class: "permanent",
    meaning:
      "The last key slot with the read right cannot be removed: nobody could read the repository any more.",
    lost: NOTHING,
    next: "Add another read key first.",
  },
  "task-busy": {
    exit: 11,
    class: "retryable",
    meaning: "Other writers kept committing to the same timeline while this one tried to.",
    lost: TIMELINE_SAFE,
    next: "See that only one Holdfast backs this task up at a time, then run again.",
  },
  "storage-permission": {
    exit: 21,
    class: "permanent",
    meaning: "The repository's storage refused access.",
    lost: TIMELINE_SAFE,
    next: "Give this user read and write permission on the repository's folder.",
  },
  "storage-full": {
    exit: 22,
    class: "permanent",
    meaning: "The repository's storage has no room left.",
    lost: `${TIMELINE_SAFE} What was already uploaded by this run is used again when it continues.`,
    next: "Free or add space, then run again.",
  },
  "storage-failed": {
    exit: 23,
    class: "retryable",
    meaning: "The repository's storage failed or answered something that cannot be true.",
    lost: TIMELINE_SAFE,
    next: "Run again; then `holdfast repository verify-storage` to test the storage itself.",
  },
  "object-missing": {
    exit: 24,
    class: "permanent",
    meaning: "A file that the timeline needs is not in the repository.",
    lost: "The versions in that file cannot be read from this repository.",
    next: "Run `holdfast check` for the exact list, then `holdfast repair`: it brings back what a copy, other deltas or the source still have.",
  },
  "object-damaged": {
    exit: 24,
    class: "permanent",
    meaning:
      "A file of the repository is truncated, altered or not the one it claims to be. Its content was not used.",
    lost: "The versions in the damaged part cannot be read from this repository.",
    next: "Run `holdfast check --read-data` for the exact list, then `holdfast repair`: it brings back what is left, or what a copy, other deltas or the source still have.",
  },
  "check-failed": {
    exit: 24,
    class: "permanent",
    meaning: "The check found damage.",
    lost: "The report lists each file, run and item concerned.",
    next: "Run `holdfast repair --dry-run` to see what can be brought back, then `holdfast repair`, and check again.",
  },
  "chain-broken": {
    exit: 24,
    class: "permanent",
    meaning: "A generation of a timeline's manifest is missing, altered or was rolled back.",
    lost: "Versions of the missing generations may be unreachable.",
    next: "Run `holdfast check`, then `holdfast repair --from` with a copy of the repository; without one, `holdfast repair --accept-loss` begins the chain anew.",
  },
  "rollup-unproven": {
    exit: 24,
    class: "fatal",
    meaning: "A merged delta did not read back as what its inputs held, so it was not used.",
    lost: NOTHING,
    next: "Run `holdfast check --read-data`: a damaged input or a failing disk is the likeliest cause; then run the rollup again.",
  },
  "source-unreachable": {
    exit: 30,
    class: "retryable",
    meaning: "The service could not be reached, or kept failing, after all retries.",
    lost: TIMELINE_SAFE,
    next: "Check the address, the network and the service's status, then run again; the run continues where it stopped.",
  },
  "source-throttled": {
    exit: 30,
    class: "retryable",
    meaning: "The service kept answering that too many requests were made.",
    lost: TIMELINE_SAFE,
    next: "Run again later, raise the service's capacity, or lower the source's request budget.",
  },
  "source-unauthorized": {
    exit: 31,
    class: "permanent",
    meaning: "The service did not accept the credentials.",
    lost: NOTHING,
    next: "Check the source's credentials with `holdfast source test`.",
  },
  "source-forbidden": {
    exit: 31,
    class: "permanent",
    meaning: "The credentials are valid but may not do this.",
    lost: NOTHING,
    next: "Give the account the role that the message names.",
  },
  "source-not-found": {
    exit: 32,
    class: "permanent",
    meaning: "The database or other collection does not exist at the service.",
    lost: "What was kept of it can still be read and restored.",
    next: "Check the name; restore it if it was deleted by mistake.",
  },
  "source-protocol": {
    exit: 33,
    class: "permanent",
    meaning: "The service answered something that its protocol does not allow.",
    lost: TIMELINE_SAFE,
    next: "Check that the address names the service and not a proxy or login page; run with --verbose and report it.",
  },
  "capture-incomplete": {
    exit: 3,
    class: "retryable",
    meaning: "Some items could not be read from the service, so the run was not committed.",
    lost: `${TIMELINE_SAFE} The items that failed are listed.`,
    next: "Run again; if the same items fail again, check the service's health.",
  },
  "version-lost": {
    exit: 34,
    class: "permanent",
    meaning:
      "The version that would answer was damaged, could not be recovered, and was given up by `holdfast repair --accept-loss`.",
    lost: "This version of the item. Its versions at other instants can be read.",
    next: "See `holdfast log TASK ITEM` for the versions that are kept, and choose another instant.",
  },
  "repair-incomplete": {
    exit: 24,
    class: "permanent",
    meaning: "Repair could not make everything whole again.",
    lost: "The report lists each version that is in no place where repair looked. Reading them fails; nothing else is affected.",
    next: "Name a copy of the repository with --from, or fetch what is still current with --from-source; --accept-loss gives the rest up.",
  },
  "file-failed": {
    exit: 25,
    class: "permanent",
    meaning: "A file outside the repository could not be read or written.",
    lost: `${NOTHING} An export that fails leaves no file.`,
    next: "Mend what the message names (path, permission, space), then run again.",
  },
  "import-unusable": {
    exit: 38,
    class: "permanent",
    meaning: "The file to import is damaged, cut off, empty, or in no format that Holdfast knows.",
    lost: "Nothing was imported: the repository is as it was.",
    next: "Get the whole file again; where there is none, the message says what can be done without it.",
  },
  "import-unsafe": {
    exit: 38,
    class: "permanent",
    meaning: "The import asks for something that needs explicit consent.",
    lost: "Nothing was imported: the repository is as it was.",
    next: "Read what the message says, then repeat with the option that it names.",
  },
  "item-not-kept": {
    exit: 34,
    class: "permanent",
    meaning: "The timeline holds no version of this item at the chosen instant.",
    lost: NOTHING,
    next: "See `holdfast log TASK ITEM` for every kept version.",
  },
  "instant-unknown": {
    exit: 34,
    class: "permanent",
    meaning: "The chosen time lies before the first kept instant, or is not a time.",
    lost: NOTHING,
    next: "See `holdfast deltas TASK` for the kept instants.",
  },
  "target-not-empty": {
    exit: 35,
    class: "permanent",
    meaning: "The target of a restore, or the timeline of an import, already holds data.",
    lost: NOTHING,
    next: "Choose a new target; a restore may also go in place with --in-place, or be allowed to merge with --merge.",
  },
  "target-refused": {
    exit: 35,
    class: "permanent",
    meaning: "The restore target refused to be made or written.",
    lost: "What was written before the refusal stays; the report lists it.",
    next: "Mend what the message names, then run the same restore again: it writes only what is missing.",
  },
  "restore-incomplete": {
    exit: 36,
    class: "permanent",
    meaning: "Some items could not be restored. All others were.",
    lost: "The report lists each item that was not restored and why.",
    next: "Mend the listed causes, then run the same restore again: it writes only what is missing.",
  },
  "restore-unsafe": {
    exit: 36,
    class: "permanent",
    meaning: "The restore asks for something that needs explicit consent.",
    lost: NOTHING,
    next: "Read what the message says, then repeat with the option that it names.",
  },
  "run-marked": {
    exit: 39,
    class: "permanent",
    meaning:
      "A run looks like an accident or an attack. It was kept and marked; rollup and cleanup of the task rest until a person has looked.",
    lost: "Nothing was lost: the state before the run is kept, and stays while the task is frozen.",
    next: "Compare the run with the last good one (`holdfast diff TASK LASTGOOD latest`), then `holdfast retention acknowledge TASK --reason TEXT`.",
  },
  "item-held": {
    exit: 40,
    class: "permanent",
    meaning: "The item cannot be erased: a hold keeps it, or an instant at which it was there.",
    lost: NOTHING,
    next: "See `holdfast hold list TASK`; if the hold is no longer needed, release it and erase again.",
  },
  "not-recoverable": {
    exit: 41,
    class: "permanent",
    meaning:
      "Something at the service could not be rebuilt from the repository: what it was made of was never captured.",
    lost: "Nothing yet: while the service still has it, it can be secured.",
    next: "`holdfast readiness` lists what is missing. Register the originals with `holdfast capture add`, and let uploads pass through `holdfast gateway` from now on.",
  },
  "compare-differs": {
    exit: 37,
    class: "permanent",
    meaning: "The target is not equal to the instant.",
    lost: NOTHING,
    next: "The report lists each item that differs.",
  },
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** For codes that come out of reports. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}
