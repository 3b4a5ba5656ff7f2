import { Option, type Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import { defineCommand, type App } from "../command.ts";
import type { Invocation } from "../invocation.ts";

interface Options {
  readonly url: string;
  readonly kind: string;
  readonly auth?: "none" | "basic" | "session" | "iam";
  readonly username?: string;
  readonly password?: string;
  readonly apiKey?: string;
  readonly tokenUrl?: string;
  readonly database?: string[];
  readonly exclude?: string[];
}

export function sourceAddCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "add <name>",
    summary: "enter a source into the configuration file",
    details:
      "The file keeps its comments. Secrets are given by reference only: env:NAME, file:PATH or cmd:COMMAND.\n" +
      "The name becomes part of every task's identity: choose one that stays.",
    arguments: { name: "how the source is called from now on" },
    examples: [
      "holdfast source add prod --url https://acct.cloudantnosqldb.appdomain.cloud --api-key env:CLOUDANT_KEY",
      "holdfast source add lab --url http://couch.lab:5984 --username backup --password file:/run/secrets/couch",
      "holdfast source add lab --url http://couch.lab:5984 --database 'orders-*' --exclude 'orders-test*'",
    ],
    json: { form: "document", type: "SourceRow" },
    options: (command) =>
      command
        .requiredOption("--url <url>", "the account's address, without credentials")
        .addOption(new Option("--kind <kind>", "the kind of source").choices(["couchdb"]).default("couchdb"))
        .addOption(
          new Option("--auth <type>", "how to log in; else worked out from the options below").choices([
            "none",
            "basic",
            "session",
            "iam",
          ]),
        )
        .option("--username <name>", "for basic and session")
        .option("--password <ref>", "for basic and session, by reference")
        .option("--api-key <ref>", "for iam, by reference")
        .option("--token-url <url>", "for iam, if not IBM Cloud's own")
        .option("--database <pattern...>", "databases to protect (default: all)")
        .option("--exclude <pattern...>", "databases to leave out"),
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
        auth: await authEntry(invocation, options),
        ...(options.database ? { databases: options.database } : {}),
        ...(options.exclude ? { exclude: options.exclude } : {}),
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

/** The `auth` member that the options mean. Errors: `usage` for parts that are missing or do not belong together. */
async function authEntry(invocation: Invocation, options: Options): Promise<unknown> {
  const { flagReference } = await import("../../catalog/config/effective.ts");
  const reference = (flag: string, text: string | undefined) =>
    flagReference(flag, demand(flag, text), invocation.inputs);
  const type =
    options.auth ?? (options.apiKey ? "iam" : options.username || options.password ? "basic" : "none");
  const foreign =
    type === "iam"
      ? ["username", "password"]
      : type === "none"
        ? ["username", "password", "apiKey", "tokenUrl"]
        : ["apiKey", "tokenUrl"];
  const stray = foreign.find((member) => options[member as keyof Options] !== undefined);
  if (stray !== undefined) {
    const flag = `--${stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new HoldfastError("usage", `${flag} does not go with the login type ${type}.`);
  }
  if (type === "none") return "none";
  if (type === "iam") {
    return {
      type,
      apiKey: reference("--api-key", options.apiKey),
      ...(options.tokenUrl === undefined ? {} : { tokenUrl: options.tokenUrl }),
    };
  }
  return {
    type,
    username: demand("--username", options.username),
    password: reference("--password", options.password),
  };
}

function demand(flag: string, text: string | undefined): string {
  if (text === undefined) throw new HoldfastError("usage", `This login type needs ${flag} too.`);
  return text;
}
