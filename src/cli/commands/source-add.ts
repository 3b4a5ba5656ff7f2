import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import { AUTH_TYPES, authEntry, type AuthOptions, type SourceKind } from "../auth-entry.ts";
import { defineCommand, type App } from "../command.ts";

interface Options extends AuthOptions {
  readonly url: string;
  readonly kind: SourceKind;
  readonly database?: string[];
  readonly exclude?: string[];
  readonly collection?: string[];
  readonly ca?: string;
  readonly insecureTls?: boolean;
  readonly apiVersion?: string;
  readonly resourceId?: string;
  readonly region?: string;
}

const KINDS: readonly SourceKind[] = ["couchdb", "watson-tts", "watson-stt", "form-recognizer"];

export function sourceAddCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "add <name>",
    summary: "enter a source into the configuration file",
    details:
      "The file keeps its comments. Secrets are given by reference only: env:NAME, file:PATH or cmd:COMMAND.\n" +
      "The name becomes part of every task's identity: choose one that stays.\n" +
      "Training data of Form Recognizer models (dataSets) is entered in the file itself.",
    arguments: { name: "how the source is called from now on" },
    examples: [
      "holdfast source add prod --url https://acct.cloudantnosqldb.appdomain.cloud --api-key env:CLOUDANT_KEY",
      "holdfast source add lab --url http://couch.lab:5984 --username backup --password file:/run/secrets/couch",
      "holdfast source add lab --url http://couch.lab:5984 --database 'orders-*' --exclude 'orders-test*'",
      "holdfast source add prod-stt --kind watson-stt --url https://HOST/instances/GUID --api-key env:STT_KEY",
      "holdfast source add forms --kind form-recognizer --url https://NAME.cognitiveservices.azure.com --key env:FORMS_KEY",
    ],
    json: { form: "document", type: "SourceRow" },
    options: (command) =>
      command
        .requiredOption("--url <url>", "the account's or instance's address, without credentials")
        .addOption(new Option("--kind <kind>", "the kind of source").choices(KINDS).default("couchdb"))
        .addOption(
          new Option("--auth <type>", "how to log in; else worked out from the options below").choices(
            AUTH_TYPES,
          ),
        )
        .option("--username <name>", "for basic, session and cp4d")
        .option("--password <ref>", "for basic, session and cp4d, by reference")
        .option("--api-key <ref>", "for iam, apikey and cp4d, by reference")
        .option("--token-url <url>", "for iam, if not IBM Cloud's own")
        .option("--token <ref>", "for bearer, by reference")
        .option("--auth-url <url>", "for cp4d: the platform's address")
        .option("--key <ref>", "for key: the resource's key, by reference")
        .option("--tenant <id>", "for entra: id or domain of the tenant")
        .option("--client-id <id>", "for entra: the application's id")
        .option("--client-secret <ref>", "for entra: the application's secret, by reference")
        .option("--database <pattern...>", "couchdb: databases to protect (default: all)")
        .option("--exclude <pattern...>", "couchdb: databases to leave out")
        .option("--collection <name...>", "watson: what of the instance to protect (default: everything)")
        .option(
          "--ca <file>",
          "watson, form-recognizer: PEM file of certificates to trust beside the system's",
        )
        .option("--insecure-tls", "watson: take any certificate; for trials only")
        .option("--api-version <version>", "form-recognizer: the version to speak (default: 2024-11-30)")
        .option("--resource-id <id>", "form-recognizer: the resource's id; for targets of v2 copies")
        .option("--region <name>", "form-recognizer: the resource's region, such as westus2"),
    run: async (invocation, [name = ""], options) => {
      const [{ loadConfigForEdit }, { editConfig }, { sourceRow }] = await Promise.all([
        import("../../catalog/config/effective.ts"),
        import("../../catalog/config/edit.ts"),
        import("../source-row.ts"),
      ]);
      const config = await loadConfigForEdit(invocation.inputs);
      if (config.sources.has(name)) {
        throw new HoldfastError("usage", `A source called "${name}" is already in ${config.location.path}.`);
      }
      const entry = {
        kind: options.kind,
        url: options.url,
        auth: await authEntry(invocation, options.kind, options),
        ...ownMembers(options, invocation.io.cwd),
      };
      const edited = await editConfig(config.location.path, config.document, [
        { member: ["sources", name], value: entry },
      ]);
      const added = edited.value.sources?.[name];
      if (invocation.out.json) return invocation.out.document(added && sourceRow(name, added));
      await invocation.out.line(`Entered source ${name} into ${config.location.path}.`);
      invocation.out.note(`Next: holdfast source test ${name}`);
      return undefined;
    },
  });
}

/** Options that not every kind has. */
type OwnOption = Exclude<keyof Options, keyof AuthOptions | "url" | "kind">;

const WATSON_OPTIONS: readonly OwnOption[] = ["collection", "ca", "insecureTls"];

const OWN_OPTIONS: Readonly<Record<SourceKind, readonly OwnOption[]>> = {
  couchdb: ["database", "exclude"],
  "watson-tts": WATSON_OPTIONS,
  "watson-stt": WATSON_OPTIONS,
  "form-recognizer": ["ca", "apiVersion", "resourceId", "region"],
};

const ALL_OWN_OPTIONS = [...new Set(Object.values(OWN_OPTIONS).flat())];

/** What only sources of this kind have. Errors: `usage` for an option of another kind. */
function ownMembers(options: Options, cwd: string): Record<string, unknown> {
  const { kind, database, collection, ca, ...others } = options;
  const stray = ALL_OWN_OPTIONS.filter(
    (name) => options[name] !== undefined && !OWN_OPTIONS[kind].includes(name),
  );
  if (stray.length > 0) {
    const flags = stray.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    throw new HoldfastError("usage", `Not for sources of kind ${kind}: ${flags.join(", ")}.`);
  }
  const members = {
    apiVersion: others.apiVersion,
    databases: database,
    exclude: others.exclude,
    collections: collection,
    resourceId: others.resourceId,
    region: others.region,
    ca: ca === undefined ? undefined : resolve(cwd, ca),
    insecureTls: others.insecureTls,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
