/**
 * The examinations of `doctor`, in the order in which a failure of one explains the next. Nothing is changed; the one
 * thing that is written is a small file that is removed at once.
 */
import { access, constants, open, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { EffectiveConfig } from "../../catalog/config/effective.ts";
import { randomHex } from "../../model/clock.ts";
import { ERROR_CODES, type ErrorCodeEntry } from "../../model/error-codes.ts";
import type { HoldfastError } from "../../model/errors.ts";
import type { Connections } from "../../operations/connections.ts";
import type { Workspace } from "../../operations/workspace.ts";
import { asHoldfastError } from "../error-text.ts";
import { countOf, instantText, sizeText, timeText } from "../format.ts";
import type { Invocation } from "../invocation.ts";
import type { DoctorFinding } from "./finding.ts";

/** The major version that Holdfast is built and tested for. */
const NODE_MAJOR = 24;

/** Less free space than this (bytes) is worth a word: a baseline of a middling database needs more. */
const LITTLE_SPACE_BYTES = 5 * 1024 ** 3;

/** Clocks of different machines differ by seconds; more than this (ms) is a wrong clock. */
const CLOCK_TOLERANCE_MS = 60_000;

/** All findings, each as soon as it is known. */
export async function* examine(invocation: Invocation): AsyncGenerator<DoctorFinding> {
  yield nodeFinding(process.versions.node);
  let config: EffectiveConfig;
  try {
    config = await invocation.config();
  } catch (error) {
    yield problem("configuration", asHoldfastError(error));
    return;
  }
  yield configFinding(config);
  yield* secretFindings(invocation, config);
  if (config.folder) yield* folderFindings(config.folder.path);
  try {
    await using workspace = await invocation.open("all", () => undefined);
    yield* repositoryFindings(invocation, workspace);
  } catch (error) {
    invocation.signal.throwIfAborted();
    yield problem("repository", asHoldfastError(error));
  }
  // The sources are tried whether the repository opens or not.
  await using connections = await invocation.connect("all", () => undefined);
  for (const source of config.sources.keys()) yield await sourceFinding(invocation, connections, source);
}

function nodeFinding(version: string): DoctorFinding {
  const major = Number(version.split(".")[0]);
  const check = "node";
  if (major === NODE_MAJOR) return { check, state: "ok", detail: `version ${version}` };
  const fix = `Run Holdfast with Node ${NODE_MAJOR}.`;
  const detail = `version ${version}; Holdfast is tested with Node ${NODE_MAJOR}`;
  return { check, state: major < NODE_MAJOR ? "problem" : "warning", detail, fix };
}

function configFinding(config: EffectiveConfig): DoctorFinding {
  const { path, chosenBy } = config.location;
  const check = "configuration";
  if (config.document) {
    const detail = `${path} (by ${chosenBy}), ${countOf(config.sources.size, "source")}`;
    if (config.sources.size > 0) return { check, state: "ok", detail };
    return { check, state: "warning", detail, fix: "holdfast source add NAME --url URL enters a source." };
  }
  return {
    check,
    state: "warning",
    detail: `there is no file; ${path} would be read`,
    fix: "holdfast init FOLDER makes a repository and the file.",
  };
}

async function* secretFindings(
  invocation: Invocation,
  config: EffectiveConfig,
): AsyncGenerator<DoctorFinding> {
  const [{ credential }, { sourceOptions }] = await Promise.all([
    import("../../catalog/config/workspace-options.ts"),
    import("../../catalog/config/source-options.ts"),
  ]);
  const check = "repository key";
  if (config.credential) {
    try {
      await credential(config, { signal: invocation.signal });
      yield { check, state: "ok", detail: `${config.credential.kind} by ${config.credential.reference}` };
    } catch (error) {
      yield problem(check, asHoldfastError(error));
    }
  } else if (invocation.passphraseQuestion()) {
    yield { check, state: "ok", detail: "none configured; the passphrase is asked for" };
  } else {
    yield {
      check,
      state: "problem",
      detail: "no passphrase or identity is configured, and there is nobody to ask",
      fix: "Set HOLDFAST_PASSPHRASE, or repository.passphrase in the configuration file.",
    };
  }
  for (const [name, entry] of config.sources) {
    try {
      await sourceOptions(name, entry, config.places, invocation.signal);
      const auth = typeof entry.auth === "object" ? entry.auth.type : "none";
      yield {
        check: `secret of ${name}`,
        state: "ok",
        detail: auth === "none" ? "none needed" : `for ${auth} login`,
      };
    } catch (error) {
      yield problem(`secret of ${name}`, asHoldfastError(error));
    }
  }
}

async function* folderFindings(folder: string): AsyncGenerator<DoctorFinding> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => error);
  // A missing folder is told by the opening of the repository, with its code.
  if (found instanceof Error || !found.isDirectory()) return;
  const space = await statfs(folder);
  const free = space.bavail * space.bsize;
  const detail = `${sizeText(free)} free of ${sizeText(space.blocks * space.bsize)} at ${folder}`;
  yield free >= LITTLE_SPACE_BYTES
    ? { check: "space", state: "ok", detail }
    : { check: "space", state: "warning", detail, fix: "Add space before it runs out." };
  yield await writeFinding(folder);
}

async function writeFinding(folder: string): Promise<DoctorFinding> {
  const check = "writing";
  const path = join(folder, `.holdfast-doctor-${randomHex(8)}`);
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile("holdfast doctor");
      await file.sync();
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
    return { check, state: "ok", detail: `a file can be made and removed in ${folder}` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      check,
      state: "problem",
      detail: `no file can be written in ${folder} (${code})`,
      fix: "Give this user read and write permission there, and see that the disk is not full or read-only.",
    };
  }
}

async function* repositoryFindings(
  invocation: Invocation,
  workspace: Workspace,
): AsyncGenerator<DoctorFinding> {
  const tasks = await invocation.operations.listTasks(workspace, invocation.hooks);
  const latest = tasks
    .map((task) => task.latest)
    .toSorted()
    .at(-1);
  const kept =
    latest === undefined
      ? "nothing is kept yet"
      : `${countOf(tasks.length, "task")}, newest instant ${timeText(latest)}`;
  yield { check: "repository", state: "ok", detail: `opens; ${kept}` };
  const now = invocation.clock.now();
  const detail = instantText(now);
  if (latest === undefined || Date.parse(latest) <= now + CLOCK_TOLERANCE_MS)
    yield { check: "clock", state: "ok", detail };
  else {
    yield {
      check: "clock",
      state: "problem",
      detail: `${detail} is before the newest kept instant, ${timeText(latest)}`,
      fix: "Set this machine's clock; new instants would not come after the kept ones.",
    };
  }
}

async function sourceFinding(
  invocation: Invocation,
  connections: Connections,
  source: string,
): Promise<DoctorFinding> {
  const check = `source ${source}`;
  // A source whose secret is missing was left out on opening and has its finding already.
  if (!connections.sources.some(({ name }) => name === source)) {
    return { check, state: "warning", detail: "not tried without its secret", fix: "Mend its secret first." };
  }
  try {
    const found = await invocation.operations.testSource(connections, { source }, invocation.hooks);
    const detail = `${found.service} ${found.version}, as ${found.user}`;
    const missing = found.abilities.filter(({ ok }) => !ok);
    if (missing.length === 0) return { check, state: "ok", detail };
    return {
      check,
      state: "warning",
      detail: `${detail}; may not: ${missing.map(({ name }) => name).join(", ")}`,
      fix: `holdfast source test ${source} says why.`,
    };
  } catch (error) {
    invocation.signal.throwIfAborted();
    return problem(check, asHoldfastError(error));
  }
}

function problem(check: string, error: HoldfastError): DoctorFinding {
  const entry: ErrorCodeEntry = ERROR_CODES[error.code];
  return { check, state: "problem", detail: error.message, fix: entry.next, code: error.code };
}
