import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import type { Candidate } from "../../operations/captures/add-captures.ts";
import type { CaptureAddRow } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { EXIT_INCOMPLETE } from "../exit-codes.ts";
import { visible } from "../format.ts";
import type { Output } from "../output.ts";

interface Options {
  readonly model?: string;
  readonly corpus?: string;
  readonly grammar?: string;
  readonly audio?: string;
  readonly prompt?: string;
  readonly speaker?: string;
  readonly contentType?: string;
  readonly containedContentType?: string;
  readonly dryRun?: boolean;
}

/** What a file can be the original of, by option. */
const RESOURCES = {
  corpus: "corpora",
  grammar: "grammars",
  audio: "audio",
  prompt: "prompts",
  speaker: "speakers",
} as const;

export function captureAddCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "add <source> <path...>",
    summary: "register files as the originals of what a service lists",
    details:
      "For what was uploaded before the gateway was there. One file with the options that say what it is, or folders in the layout\n" +
      "MODEL/corpora/NAME (likewise grammars, audio, prompts) and speakers/NAME; MODEL is a name or an id. Files are matched with what the\n" +
      "newest backup lists; those that do not fit are refused with the reason, and the exit status is 3.",
    arguments: { source: "the configured source", path: "a file, or folders" },
    examples: [
      "holdfast capture add prod-stt --model claims --corpus q2 ./q2.txt",
      "holdfast capture add prod-stt --model field --audio recordings ./recordings.zip --contained-content-type audio/wav",
      "holdfast capture add prod-stt ./originals --dry-run",
    ],
    json: { form: "lines", type: "CaptureAddRow" },
    options: (command) =>
      command
        .option("--model <model>", "name or id of the custom model")
        .option("--corpus <name>", "the file is this corpus")
        .option("--grammar <name>", "the file is this grammar")
        .option("--audio <name>", "the file is this audio resource")
        .option("--prompt <id>", "the file is this prompt's audio")
        .option("--speaker <name>", "the file is the audio that this speaker model was made of")
        .option("--content-type <type>", "as it was uploaded (default: by the file's ending)")
        .option("--contained-content-type <type>", "of the files in an audio archive")
        .option("--dry-run", "only say what fits"),
    run: async (invocation, [source = "", ...given], options) => {
      const paths = given
        .filter((path) => path !== undefined)
        .map((path) => resolve(invocation.io.cwd, path));
      const file = candidateOf(options, paths);
      if (file === undefined) await requireFolders(paths);
      await using workspace = await invocation.open("none");
      const request = {
        source,
        files: file === undefined ? [] : [file],
        folders: file === undefined ? paths : [],
        apply: !(options.dryRun ?? false),
      };
      let refused = 0;
      for await (const row of invocation.operations.addCaptures(workspace, request, invocation.hooks)) {
        if (row.state === "refused") refused += 1;
        if (invocation.out.json) await invocation.out.document(row);
        else await print(row, request.apply, invocation.out);
      }
      return refused > 0 ? EXIT_INCOMPLETE : 0;
    },
  });
}

/** Undefined where the options name no resource: then the paths are folders. Errors: `usage`. */
function candidateOf(options: Options, paths: readonly string[]): Candidate | undefined {
  const names = Object.keys(RESOURCES) as (keyof typeof RESOURCES)[];
  const chosen = names.filter((name) => options[name] !== undefined);
  const [option, another] = chosen;
  if (option === undefined) {
    if (options.model !== undefined) {
      throw new HoldfastError(
        "usage",
        "Say what the file is: --corpus, --grammar, --audio or --prompt NAME.",
      );
    }
    return undefined;
  }
  const [path, second] = paths;
  if (another !== undefined || path === undefined || second !== undefined) {
    throw new HoldfastError(
      "usage",
      "One file is one resource: give one of --corpus, --grammar, --audio, --prompt, --speaker and one file.",
    );
  }
  if ((option === "speaker") !== (options.model === undefined)) {
    const problem =
      option === "speaker" ? "A speaker belongs to no model: leave --model out." : "Say of which --model.";
    throw new HoldfastError("usage", problem);
  }
  const { contentType, containedContentType } = options;
  return {
    path,
    uploaded: RESOURCES[option],
    model: options.model,
    name: options[option] as string,
    ...(contentType === undefined ? {} : { contentType }),
    ...(containedContentType === undefined ? {} : { containedContentType }),
  };
}

async function requireFolders(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) continue;
    throw new HoldfastError(
      "usage",
      found === undefined
        ? `${path} does not exist.`
        : `${path} is a file: say what it is with --model and --corpus, --grammar, --audio or --prompt.`,
    );
  }
}

async function print(row: CaptureAddRow, applied: boolean, out: Output): Promise<void> {
  const { state, file, model, resource, name, evidence, reason, hints } = row;
  const what = [model, resource, name].filter((part) => part !== null).join("/");
  if (state === "refused") {
    await out.line(`${out.paint("red", "does not fit")}  ${visible(file)}: ${visible(reason ?? "")}`);
  } else {
    const done = state === "kept" ? "kept already" : applied ? "registered" : "would be registered";
    await out.line(`${out.paint("green", done)}  ${visible(file)} as ${visible(what)}, ${evidence ?? ""}`);
  }
  for (const hint of hints) await out.line(`    ${out.paint("yellow", "look:")} ${visible(hint)}`);
}
