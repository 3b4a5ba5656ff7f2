/**
 * Completion for zsh, 5 and newer.
 */
import type { CompletionArgument, CompletionNode } from "./words.ts";

/** The script; put it as `_holdfast` into a folder of `$fpath`, or `source <(holdfast completion zsh)`. */
export function zshScript(nodes: readonly CompletionNode[]): string {
  return [
    "#compdef holdfast",
    "# holdfast completion for zsh: source <(holdfast completion zsh)",
    '_holdfast_words() { local -a found; found=(${(f)"$(holdfast __complete $1 2>/dev/null </dev/null)"}); compadd -a found }',
    ...nodes.flatMap(nodeFunction),
    'if [ "$funcstack[1]" = "_holdfast" ]; then _holdfast "$@"; else compdef _holdfast holdfast; fi',
    "",
  ].join("\n");
}

function nodeFunction(node: CompletionNode): string[] {
  const specs = node.options.flatMap(({ long, summary, takesValue, choices }) => {
    const value = !takesValue ? "" : choices.length > 0 ? `:value:(${choices.join(" ")})` : ":value:_default";
    return [quoted(`${long}[${described(summary)}]${value}`)];
  });
  if (node.commands.length === 0) {
    const positions = node.arguments.map((argument, index) =>
      quoted(`${argument.variadic ? "*" : `${index + 1}:`}:${argumentAction(argument)}`),
    );
    return [`${functionName(node.path)}() { _arguments -s ${[...specs, ...positions].join(" ")} }`];
  }
  const names = node.commands
    .map(({ name, summary }) => quoted(`${name}:${summary.replaceAll(":", " ")}`))
    .join(" ");
  const cases = node.commands
    .filter(({ name }) => name !== "help")
    .map(({ name }) => `    ${name}) ${functionName(node.path === "" ? name : `${node.path} ${name}`)} ;;`);
  return [
    `${functionName(node.path)}() {`,
    "  local context state state_descr line",
    "  typeset -A opt_args",
    `  local -a commands; commands=(${names})`,
    `  _arguments -C ${specs.join(" ")} '1: :->command' '*:: :->rest'`,
    "  case $state in",
    "  command) _describe command commands ;;",
    "  rest) case $line[1] in",
    ...cases,
    "    esac ;;",
    "  esac",
    "}",
  ];
}

function argumentAction({ kind, words }: CompletionArgument): string {
  if (kind === "words") return `value:(${words.join(" ")})`;
  if (kind === "files") return "folder:_files -/";
  // The blank keeps zsh from putting arguments of its own between.
  if (kind === "tasks" || kind === "sources") return `${kind}: _holdfast_words ${kind}`;
  return "value:_default";
}

function functionName(path: string): string {
  return path === "" ? "_holdfast" : `_holdfast_${path.replaceAll(/[ -]/g, "_")}`;
}

/** Brackets and colons end a description. */
function described(summary: string): string {
  return summary.replaceAll(/[[\]]/g, "").replaceAll(":", "\\:");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
