import type { Command } from "commander";
import type { EffectiveConfig } from "../../catalog/config/effective.ts";
import type { ConfigEdit } from "../../catalog/config/edit.ts";
import { HoldfastError } from "../../model/errors.ts";
import { defineCommand, type App } from "../command.ts";
import type { Invocation } from "../invocation.ts";
import type { InitDocument } from "../json-types.ts";

interface Options {
  readonly recipient?: string[];
  readonly label?: string;
  readonly configFile: boolean;
}

export function initCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "init [folder]",
    summary: "make a new repository in an empty folder",
    details:
      "The repository opens with a passphrase (asked twice, or by --passphrase REF or HOLDFAST_PASSPHRASE), with age recipients, or both.\n" +
      "Without any of its keys nobody can read it, so keep one of them somewhere else. The repository is entered into the configuration file.",
    arguments: { folder: "where to make it; else --repository, HOLDFAST_REPOSITORY or the configuration" },
    examples: [
      "holdfast init /backup/repo",
      "holdfast init /backup/repo --passphrase file:/etc/holdfast/passphrase",
      "holdfast init /backup/repo --recipient age1qx…",
    ],
    json: { form: "document", type: "InitDocument" },
    options: (command) =>
      command
        .option("--recipient <age1>", "add a key slot for this age recipient; may be repeated", collect)
        .option("--label <text>", "a name for the passphrase's key slot")
        .option("--no-config-file", "do not enter the repository into the configuration file"),
    run: async (invocation, [folder], options) => {
      const { loadConfigForEdit } = await import("../../catalog/config/effective.ts");
      const { inputs } = invocation;
      const flags = folder === undefined ? inputs.flags : { ...inputs.flags, repository: folder };
      const config = await loadConfigForEdit({ ...inputs, flags });
      if (!config.folder) throw new HoldfastError("usage", "Name the folder: holdfast init FOLDER.");
      const recipients = options.recipient ?? [];
      const passphrase = await newPassphrase(invocation, config, recipients.length > 0);
      const made = await invocation.operations.initRepositoryAt(
        { folder: config.folder.path },
        {
          ...(passphrase === undefined ? {} : { passphrase }),
          recipients,
          ...(options.label === undefined ? {} : { label: options.label }),
        },
        invocation.hooks,
      );
      const written = options.configFile ? await enterRepository(config) : null;
      const { out } = invocation;
      if (out.json) return out.document({ ...made, config: written } satisfies InitDocument);
      await out.line(`Made a repository in ${made.location}.`);
      if (written !== null) await out.line(`Entered it into ${written}.`);
      out.note("Keep a key to it somewhere else: without one, nobody can read what it holds.");
      if (config.sources.size === 0) out.note("Next: holdfast source add NAME --url URL");
      return undefined;
    },
  });
}

/** The passphrase of the first slot; undefined when recipients alone will do. */
async function newPassphrase(
  invocation: Invocation,
  config: EffectiveConfig,
  optional: boolean,
): Promise<string | undefined> {
  const { credential } = await import("../../catalog/config/workspace-options.ts");
  if (config.credential?.kind === "passphrase") {
    const found = await credential(config, { signal: invocation.signal });
    return found.kind === "passphrase" ? found.passphrase : undefined;
  }
  if (optional) return undefined;
  if (config.credential) {
    throw new HoldfastError(
      "usage",
      "An identity opens a repository but cannot make one: give its public half with --recipient age1….",
    );
  }
  if (invocation.io.interactive) return invocation.askNewPassphrase("Passphrase for the new repository");
  throw new HoldfastError(
    "usage",
    "A new repository needs a key: set HOLDFAST_PASSPHRASE, or give --passphrase REF or --recipient age1….",
  );
}

/** Enters folder and passphrase reference where the file does not name them yet; the file's path, or null. */
async function enterRepository(config: EffectiveConfig): Promise<string | null> {
  const edits: ConfigEdit[] = [];
  const named = config.document?.value.repository;
  if (config.folder && named?.folder === undefined) {
    edits.push({ member: ["repository", "folder"], value: config.folder.path });
  }
  if (
    config.credential?.kind === "passphrase" &&
    named?.passphrase === undefined &&
    named?.identity === undefined
  ) {
    edits.push({ member: ["repository", "passphrase"], value: config.credential.reference });
  }
  if (edits.length === 0) return null;
  const { editConfig } = await import("../../catalog/config/edit.ts");
  await editConfig(config.location.path, config.document, edits);
  return config.location.path;
}

function collect(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}
