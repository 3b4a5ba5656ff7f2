import { Option, type Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import { defineCommand, groupCommand, type App } from "../command.ts";
import { timeText } from "../format.ts";
import type { Invocation } from "../invocation.ts";
import type { KeyRemoved, UnusableKey } from "../json-types.ts";

interface AddOptions {
  readonly label?: string;
  readonly right: "read" | "write";
  readonly recipient?: string;
  readonly newPassphrase?: string;
}

export function keyCommand(app: App): Command {
  return groupCommand("key", "the key slots that open the repository", [
    addCommand(app),
    listCommand(app),
    removeCommand(app),
  ]);
}

function addCommand(app: App): Command {
  return defineCommand<AddOptions>(app, {
    usage: "add",
    summary: "add a key slot: for a passphrase or an age recipient",
    details:
      "The right read opens everything. The right write lets a backup agent add versions but never read kept ones.",
    examples: [
      "holdfast key add --label 'ops team'",
      "holdfast key add --recipient age1qx… --label 'safe in Berlin'",
      "holdfast key add --right write --new-passphrase file:/etc/holdfast/agent --label agent-7",
    ],
    json: { form: "document", type: "SlotInfo" },
    options: (command) =>
      command
        .option("--label <text>", "whose key it is; not secret")
        .addOption(new Option("--right <right>", "what it may do").choices(["read", "write"]).default("read"))
        .option("--recipient <age1>", "for this age recipient")
        .option("--new-passphrase <ref>", "for this passphrase, by reference; else it is asked for"),
    run: async (invocation, _args, options) => {
      const key = await newKey(invocation, options);
      await using workspace = await invocation.open("none");
      const added = await invocation.operations.addKey(
        workspace,
        { ...key, right: options.right, ...(options.label === undefined ? {} : { label: options.label }) },
        invocation.hooks,
      );
      if (invocation.out.json) return invocation.out.document(added);
      return invocation.out.line(`Added key slot ${added.slot} with the right ${added.right}.`);
    },
  });
}

/** Errors: `usage` when there are two keys or none. */
async function newKey(
  invocation: Invocation,
  { recipient, newPassphrase }: AddOptions,
): Promise<{ recipient: string } | { passphrase: string }> {
  if (recipient !== undefined && newPassphrase !== undefined) {
    throw new HoldfastError("usage", "A key slot is for a recipient or a passphrase: give one of them.");
  }
  if (recipient !== undefined) return { recipient };
  if (newPassphrase !== undefined) {
    const [{ flagReference }, { resolveSecret }] = await Promise.all([
      import("../../catalog/config/effective.ts"),
      import("../../catalog/config/secret-reference.ts"),
    ]);
    const reference = flagReference("--new-passphrase", newPassphrase, invocation.inputs);
    const { places } = await invocation.config();
    return { passphrase: await resolveSecret(reference, "the new passphrase", places, invocation.signal) };
  }
  if (!invocation.io.interactive) {
    throw new HoldfastError(
      "usage",
      "There is nobody to ask for the passphrase: give --new-passphrase REF or --recipient age1….",
    );
  }
  return { passphrase: await invocation.askNewPassphrase("New passphrase") };
}

function listCommand(app: App): Command {
  return defineCommand(app, {
    usage: "list",
    summary: "list the key slots",
    examples: ["holdfast key list"],
    json: { form: "lines", type: "SlotInfo, or UnusableKey" },
    run: async (invocation) => {
      await using workspace = await invocation.open("none");
      const slots = await invocation.operations.listKeys(workspace, invocation.hooks);
      const { out } = invocation;
      const keys = slots.flatMap((slot) => (slot.state === "intact" ? [slot.info] : []));
      await out.list(
        keys,
        [
          { title: "SLOT", value: (row) => row.slot },
          { title: "RIGHT", value: (row) => row.right },
          { title: "KIND", value: (row) => row.kind },
          { title: "MADE", value: (row) => timeText(row.created) },
          { title: "LABEL", value: (row) => row.label },
        ],
        "There is no key slot.",
      );
      for (const slot of slots) {
        if (slot.state === "intact") continue;
        const { code, message } = slot.problem;
        if (out.json) await out.document({ path: slot.path, error: { code, message } } satisfies UnusableKey);
        else out.warn(`${slot.path} cannot be used: ${message}`);
      }
    },
  });
}

function removeCommand(app: App): Command {
  return defineCommand(app, {
    usage: "remove <slot>",
    summary: "remove a key slot",
    details:
      "The last slot with the right read stays. Whoever kept a copy of the repository can still open that copy.",
    arguments: { slot: "the slot, as key list names it" },
    examples: ["holdfast key remove 9c1f0a…"],
    json: { form: "document", type: "KeyRemoved" },
    run: async (invocation, [slot = ""]) => {
      await using workspace = await invocation.open("none");
      await invocation.operations.removeKey(workspace, slot, invocation.hooks);
      if (invocation.out.json) return invocation.out.document({ removed: slot } satisfies KeyRemoved);
      return invocation.out.line(`Removed key slot ${slot}.`);
    },
  });
}
