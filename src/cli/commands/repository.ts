import { resolve } from "node:path";
import type { Command } from "commander";
import { ERROR_CODES } from "../../model/error-codes.ts";
import { defineCommand, groupCommand, type App } from "../command.ts";
import { countOf, countText, durationText, visible } from "../format.ts";
import type { Invocation } from "../invocation.ts";

export function repositoryCommand(app: App): Command {
  return groupCommand("repository", "the place where timelines are kept", [verifyStorageCommand(app)]);
}

function verifyStorageCommand(app: App): Command {
  return defineCommand(app, {
    usage: "verify-storage [folder]",
    summary: "test whether a storage keeps the promises that a repository needs",
    details:
      "Runs the suite that every storage backend of Holdfast has to pass, in a place of its own beside what is there, and cleans up.",
    arguments: { folder: "where to test (default: the repository's folder)" },
    examples: ["holdfast repository verify-storage", "holdfast repository verify-storage /mnt/nas"],
    json: { form: "lines", type: "CheckResult" },
    run: async (invocation, [folder]) => {
      const { out } = invocation;
      const place =
        folder === undefined ? await configuredFolder(invocation) : resolve(invocation.io.cwd, folder);
      let count = 0;
      let failed = 0;
      for await (const verdict of invocation.operations.verifyStorageAt(
        { folder: place },
        invocation.hooks,
      )) {
        count += 1;
        if (!verdict.ok) failed += 1;
        if (out.json) {
          await out.document(verdict);
          continue;
        }
        const mark = verdict.ok ? out.paint("green", "ok    ") : out.paint("red", "failed");
        await out.line(`${mark}  ${durationText(verdict.ms).padStart(8)}  ${visible(verdict.title)}`);
        if (!verdict.ok) await out.line(`                  ${visible(verdict.detail)}`);
      }
      if (!out.json) {
        await out.line(
          failed === 0
            ? `${visible(place)} keeps all ${countOf(count, "promise")}.`
            : `${visible(place)} breaks ${countText(failed)} of ${countOf(count, "promise")}: do not keep a repository there.`,
        );
      }
      return failed === 0 ? 0 : ERROR_CODES["storage-failed"].exit;
    },
  });
}

async function configuredFolder(invocation: Invocation): Promise<string> {
  const { repositoryFolder } = await import("../../catalog/config/workspace-options.ts");
  return repositoryFolder(await invocation.config());
}
