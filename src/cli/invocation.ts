/**
 * One call of one command: its output, its configuration, and the way to the operations.
 */
import type { EffectiveConfig } from "../catalog/config/effective.ts";
import type { Reach } from "../catalog/config/workspace-options.ts";
import { HoldfastError } from "../model/errors.ts";
import type { Hooks } from "../operations/hooks.ts";
import type { Connections } from "../operations/connections.ts";
import type { Workspace } from "../operations/workspace.ts";
import type { CliDeps } from "./deps.ts";
import { Output } from "./output.ts";
import type { Operations } from "./operations.ts";
import type { Clock } from "../model/clock.ts";
import type { Io } from "./io.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly repository?: string;
  readonly passphrase?: string;
  readonly identity?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: boolean;
}

export type Unavailable = (source: string, error: HoldfastError) => void;

export class Invocation {
  readonly out: Output;
  readonly operations: Operations;
  readonly io: Io;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What every operation is given. */
  readonly hooks: Required<Hooks>;
  readonly #globals: GlobalOptions;
  #config: Promise<EffectiveConfig> | undefined;

  constructor(deps: CliDeps, globals: GlobalOptions) {
    this.operations = deps.operations;
    this.io = deps.io;
    this.clock = deps.clock;
    this.signal = deps.signal;
    this.#globals = globals;
    this.out = outputFor(deps, globals);
    this.hooks = {
      signal: deps.signal,
      progress: (step) => this.out.progress(step),
      note: (text) => this.out.remark(text),
      warn: (text) => this.out.warn(text),
    };
  }

  /** What the configuration is read with; for commands that edit it. */
  get inputs() {
    const { config, repository, passphrase, identity } = this.#globals;
    return {
      flags: { config, repository, passphrase, identity },
      env: this.io.env,
      cwd: this.io.cwd,
      home: this.io.home,
    };
  }

  /** The effective configuration. Errors: `config-invalid`. */
  config(): Promise<EffectiveConfig> {
    this.#config ??= import("../catalog/config/effective.ts").then(({ loadConfig }) =>
      loadConfig(this.inputs),
    );
    return this.#config;
  }

  /**
   * Opens the repository with the sources that the command may reach. `unavailable` hears of sources whose secrets
   * cannot be had; without it they are an error.
   */
  async open(reach: Reach, unavailable?: Unavailable): Promise<Workspace> {
    const config = await this.config();
    const { workspaceOptions } = await import("../catalog/config/workspace-options.ts");
    const options = await workspaceOptions(config, {
      reach,
      unavailable,
      askPassphrase: this.passphraseQuestion(),
      signal: this.signal,
    });
    return this.operations.openWorkspace({ ...options, clock: this.clock });
  }

  /** The sources that the command may reach, without the repository. `unavailable` as in `open`. */
  async connect(reach: Reach, unavailable?: Unavailable): Promise<Connections> {
    const config = await this.config();
    const { sourceSettings } = await import("../catalog/config/workspace-options.ts");
    const settings = await sourceSettings(config, { reach, unavailable, signal: this.signal });
    return this.operations.connect(settings, this.clock);
  }

  /**
   * Opens the repository with the sources that these tasks belong to. A task named by its number alone may belong to
   * any: then a source without its secret is only a warning.
   */
  async openForTasks(tasks: readonly string[], sources: readonly string[] = []): Promise<Workspace> {
    const config = await this.config();
    const named = tasks.map((task) => task.slice(0, Math.max(0, task.indexOf("/"))));
    if (named.every((name) => config.sources.has(name)))
      return this.open([...new Set([...named, ...sources])]);
    return this.open("all", (_source, error) => this.out.warn(error.message));
  }

  /** How to ask for the repository's passphrase; undefined when there is nobody to ask. */
  passphraseQuestion(): (() => Promise<string>) | undefined {
    if (!this.io.interactive) return undefined;
    return () => this.askSecret("Passphrase of the repository: ");
  }

  async askSecret(question: string): Promise<string> {
    this.out.endProgress();
    return this.io.askSecret(question, this.signal);
  }

  /** A new passphrase, asked twice. Errors: `usage` when the two differ or are empty. */
  async askNewPassphrase(what: string): Promise<string> {
    const first = await this.askSecret(`${what}: `);
    if (first === "") throw new HoldfastError("usage", "A passphrase must not be empty.");
    if ((await this.askSecret("The same again: ")) !== first) {
      throw new HoldfastError("usage", "The two passphrases differ; nothing was done.");
    }
    return first;
  }

  /** Whether the person says yes. Only to be asked where `mayAsk`. */
  async confirm(question: string): Promise<boolean> {
    this.out.endProgress();
    const answer = await this.io.ask(`${question} [y/N] `, this.signal);
    return /^y(es)?$/i.test(answer.trim());
  }

  /** Whether there is a person to ask; programs that read JSON are none. */
  get mayAsk(): boolean {
    return this.io.interactive && !this.out.json;
  }
}

export function outputFor(deps: CliDeps, globals: GlobalOptions): Output {
  return new Output(
    deps.io,
    {
      json: globals.json ?? false,
      quiet: globals.quiet ?? false,
      verbose: globals.verbose ?? false,
      color: globals.color ?? true,
    },
    deps.clock,
  );
}
