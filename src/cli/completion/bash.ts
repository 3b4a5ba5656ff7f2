/**
 * Completion for bash, 3.2 and newer.
 */
import type { CompletionArgument, CompletionNode } from "./words.ts";

/** The script; `source <(holdfast completion bash)`. */
export function bashScript(nodes: readonly CompletionNode[]): string {
  return [
    "# holdfast completion for bash: source <(holdfast completion bash)",
    "_holdfast() {",
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" path="" words="" value="" count=0 word i',
    "  COMPREPLY=()",
    "  for ((i = 1; i < COMP_CWORD; i++)); do",
    '    word="${COMP_WORDS[i]}"',
    '    case "$path|$word" in',
    ...valueOptions(nodes).map((pattern) => `      ${pattern}) i=$((i + 1)) ;;`),
    '      *"|-"*) ;;',
    ...pathSteps(nodes).map(
      ([pattern, path]) => `      ${quoted(pattern)}) path=${quoted(path)}; count=0 ;;`,
    ),
    "      *) count=$((count + 1)) ;;",
    "    esac",
    "  done",
    '  case "$path|$prev" in',
    ...choiceCases(nodes),
    "  esac",
    '  if [[ -n "$value" ]]; then',
    '    COMPREPLY=($(compgen -W "$value" -- "$cur")); return',
    "  fi",
    '  if [[ "$cur" == -* ]]; then',
    '    case "$path" in',
    ...nodes.map(
      (node) =>
        `      ${quoted(node.path)}) words=${quoted(node.options.map(({ long }) => long).join(" "))} ;;`,
    ),
    "    esac",
    "  else",
    '    case "$path|$count" in',
    ...nodes.flatMap(wordCases),
    "    esac",
    "  fi",
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    // Bash splits words at colons, and item keys and times have them.
    '  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi',
    "}",
    "complete -o default -F _holdfast holdfast",
    "",
  ].join("\n");
}

/** Case patterns of options whose next word is their value, for every command at once. */
function valueOptions(nodes: readonly CompletionNode[]): string[] {
  const longs = new Set(
    nodes.flatMap((node) => node.options.filter(({ takesValue }) => takesValue).map(({ long }) => long)),
  );
  return longs.size === 0 ? [] : [[...longs].map((long) => `*"|${long}"`).join("|")];
}

function pathSteps(nodes: readonly CompletionNode[]): [string, string][] {
  return nodes.flatMap((node) =>
    node.commands.map(({ name }): [string, string] => [
      `${node.path}|${name}`,
      node.path === "" ? name : `${node.path} ${name}`,
    ]),
  );
}

function choiceCases(nodes: readonly CompletionNode[]): string[] {
  return nodes.flatMap((node) =>
    node.options
      .filter(({ choices }) => choices.length > 0)
      .map(
        ({ long, choices }) => `    ${quoted(`${node.path}|${long}`)}) value=${quoted(choices.join(" "))} ;;`,
      ),
  );
}

function wordCases(node: CompletionNode): string[] {
  if (node.commands.length > 0) {
    return [
      `      ${quoted(`${node.path}|0`)}) words=${quoted(node.commands.map(({ name }) => name).join(" "))} ;;`,
    ];
  }
  return node.arguments.flatMap((argument, index) => {
    const source = wordSource(argument);
    const position = argument.variadic ? `${quoted(`${node.path}|`)}*` : quoted(`${node.path}|${index}`);
    return source === undefined ? [] : [`      ${position}) words=${source} ;;`];
  });
}

function wordSource({ kind, words }: CompletionArgument): string | undefined {
  if (kind === "words") return quoted(words.join(" "));
  if (kind === "tasks" || kind === "sources")
    return `"$(holdfast __complete ${kind} 2>/dev/null </dev/null)"`;
  return undefined;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
