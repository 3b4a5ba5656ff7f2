/**
 * References to secrets: `env:NAME`, `file:PATH`, `cmd:COMMAND`. The configuration, its listings and every message hold
 * the reference; the value exists only where it is used.
 */
import { spawn } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { HoldfastError } from "../../model/errors.ts";
import { resolvePath, type Places } from "./places.ts";

/** A reference as text, e.g. `file:/run/secrets/password`. */
export type SecretReference = `${"env" | "file" | "cmd"}:${string}`;

/** A secret longer than this (bytes) is a mistaken file. */
const SECRET_LIMIT_BYTES = 64 * 1024;

/** How long a command may take (ms): password managers that ask a network service answer within seconds. */
const COMMAND_TIMEOUT_MS = 30_000;

const REFERENCE = /^(env|file|cmd):(.+)$/s;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function isSecretReference(text: string): text is SecretReference {
  const match = REFERENCE.exec(text);
  return match !== null && (match[1] !== "env" || VARIABLE.test(match[2] as string));
}

/**
 * The secret that a reference names; one line end at its end is not part of it. `purpose` continues "… for" in messages.
 * Errors: `secret-unavailable`.
 */
export async function resolveSecret(
  reference: SecretReference,
  purpose: string,
  places: Places,
  signal?: AbortSignal,
): Promise<string> {
  const [, scheme, rest] = REFERENCE.exec(reference) as unknown as [string, string, string];
  const fail = (reason: string, cause?: unknown) =>
    new HoldfastError("secret-unavailable", `Could not read ${purpose}: ${reason}.`, {}, cause);
  const text =
    scheme === "env"
      ? fromEnvironment(rest, places, fail)
      : scheme === "file"
        ? await fromFile(resolvePath(rest, places), fail)
        : await fromCommand(rest, places, fail, signal);
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") throw fail(`${reference} is empty`);
  return secret;
}

type Fail = (reason: string, cause?: unknown) => HoldfastError;

function fromEnvironment(name: string, places: Places, fail: Fail): string {
  const value = places.env[name];
  if (value === undefined || value === "") throw fail(`the environment variable ${name} is not set`);
  return value;
}

async function fromFile(path: string, fail: Fail): Promise<string> {
  try {
    if ((await stat(path)).size > SECRET_LIMIT_BYTES)
      throw fail(`the file ${path} is too large for a secret`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === "ENOENT"
        ? "does not exist"
        : code === "EACCES"
          ? "may not be read by this user"
          : `failed (${code})`;
    throw fail(`the file ${path} ${reason}`);
  }
}

/** Runs the command in the shell. Its standard error is thrown away: it may quote what it failed on. */
async function fromCommand(
  command: string,
  places: Places,
  fail: Fail,
  signal?: AbortSignal,
): Promise<string> {
  signal?.throwIfAborted();
  const child = spawn(command, {
    shell: true,
    cwd: places.base,
    env: { ...places.env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let why: string | undefined;
  // What the shell has started may outlive it: closing the pipe lets go of that too.
  const stop = (reason: string) => {
    why ??= reason;
    child.stdout.destroy();
    child.kill("SIGKILL");
  };
  const late = setTimeout(
    () => stop(`did not end within ${COMMAND_TIMEOUT_MS / 1_000} s`),
    COMMAND_TIMEOUT_MS,
  );
  const aborted = () => stop("was stopped");
  signal?.addEventListener("abort", aborted, { once: true });
  const pieces: Buffer[] = [];
  let length = 0;
  child.stdout.on("data", (piece: Buffer) => {
    length += piece.length;
    if (length > SECRET_LIMIT_BYTES) stop("printed too much for a secret");
    else pieces.push(piece);
  });
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    signal?.throwIfAborted();
    if (status !== 0) why ??= status === null ? "was killed" : `ended with status ${status}`;
  } catch (error) {
    signal?.throwIfAborted();
    why = `could not be started (${(error as NodeJS.ErrnoException).code})`;
  } finally {
    clearTimeout(late);
    signal?.removeEventListener("abort", aborted);
  }
  if (why !== undefined) throw fail(`the command "${command}" ${why}`);
  return Buffer.concat(pieces).toString("utf8");
}
