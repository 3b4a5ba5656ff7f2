/**
 * `validate_doc_update` functions of design documents, run in a context of their own with a time limit. As on a real server they
 * bind everybody, server administrators and `new_edits=false` included; design and local documents are exempt.
 */
import { createContext, Script } from "node:vm";

import type { Database } from "./database.ts";
import { CouchError, forbidden, unauthorized } from "./errors.ts";
import type { User } from "./user.ts";
import { requireDatabaseAdmin } from "./user.ts";

/** A longer run is taken for an endless loop. */
const TIME_LIMIT_MS = 2000;

type Outcome = { ok: true } | { ok: false; forbidden?: unknown; unauthorized?: unknown; message?: string };

interface CompiledFunction {
  readonly design: string;
  /** Takes the arguments as JSON text, so that no object of ours is within the function's reach. */
  run(newDocument: string, oldDocument: string, user: string, security: string): Outcome;
}

const compiledByDatabase = new WeakMap<Database, CompiledFunction[]>();

/** The checks of one request: who writes, into which database. */
export class Validator {
  readonly #database: Database;
  readonly #user: User;

  constructor(database: Database, user: User) {
    this.#database = database;
    this.#user = user;
  }

  /** Throws 403 or 401 as the function throws; 401 or 403 for a design document written by someone who is no admin. */
  check(edit: { readonly id: string }, newText: () => string, oldText: (() => string) | null): void {
    if (edit.id.startsWith("_design/")) {
      requireDatabaseAdmin(this.#user, this.#database.security);
      return;
    }
    const functions = this.#functions();
    if (functions.length === 0) return;
    const newDocument = newText();
    const oldDocument = oldText === null ? "null" : oldText();
    const user = JSON.stringify({ db: this.#database.name, name: this.#user.name, roles: this.#user.roles });
    for (const compiled of functions) {
      judge(compiled.run(newDocument, oldDocument, user, this.#database.security));
    }
  }

  /** To be called after every write: a changed design document is compiled anew. */
  changed(id: string): void {
    if (id.startsWith("_design/")) compiledByDatabase.delete(this.#database);
  }

  #functions(): CompiledFunction[] {
    let functions = compiledByDatabase.get(this.#database);
    if (functions === undefined) {
      functions = compileAll(this.#database);
      compiledByDatabase.set(this.#database, functions);
    }
    return functions;
  }
}

function judge(outcome: Outcome): void {
  if (outcome.ok) return;
  if (outcome.forbidden !== undefined) throw forbidden(reasonText(outcome.forbidden));
  if (outcome.unauthorized !== undefined) throw unauthorized(reasonText(outcome.unauthorized));
  throw new CouchError(500, "unknown_error", outcome.message ?? "");
}

function reasonText(reason: unknown): string {
  return typeof reason === "string" ? reason : JSON.stringify(reason);
}

function compileAll(database: Database): CompiledFunction[] {
  const functions: CompiledFunction[] = [];
  const range = { from: "_design/", to: "_design0", inclusiveEnd: false, descending: false };
  for (const [, id, , , , text] of database.documents(range, 10_000, 0, true)) {
    const source = (JSON.parse(`{${text}}`) as { validate_doc_update?: unknown }).validate_doc_update;
    if (typeof source === "string") functions.push(compile(id, source));
  }
  return functions;
}

function compile(design: string, source: string): CompiledFunction {
  const context = createContext(Object.create(null) as object, {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: "afterEvaluate",
  });
  const shared = context as Record<string, unknown>;
  const prelude =
    "var isArray = Array.isArray; function toJSON(v) { return JSON.stringify(v); } function log() {}";
  new Script(prelude).runInContext(context);
  try {
    new Script(`var validate = (${source.replace(/;\s*$/, "")});`).runInContext(context, {
      timeout: TIME_LIMIT_MS,
    });
  } catch {
    const message = `Expression does not eval to a function. (${source})`;
    return { design, run: () => ({ ok: false, message }) };
  }
  const call = new Script(`(function () {
    try {
      validate(JSON.parse(newDocument), JSON.parse(oldDocument), JSON.parse(user), JSON.parse(security));
      return JSON.stringify({ ok: true });
    } catch (e) {
      if (e === null || typeof e !== "object") return JSON.stringify({ ok: false, message: String(e) });
      return JSON.stringify({ ok: false, forbidden: e.forbidden, unauthorized: e.unauthorized, message: String(e.message) });
    }
  })()`);
  return {
    design,
    run(newDocument, oldDocument, user, security) {
      Object.assign(shared, { newDocument, oldDocument, user, security });
      try {
        return JSON.parse(String(call.runInContext(context, { timeout: TIME_LIMIT_MS }))) as Outcome;
      } catch {
        return { ok: false, message: "timeout" };
      }
    },
  };
}
