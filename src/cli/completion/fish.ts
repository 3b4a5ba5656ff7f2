/**
 * Completion for fish, 3 and newer.
 */
import type { CompletionNode } from "./words.ts";

/** The script; `holdfast completion fish | source`. */
export function fishScript(nodes: readonly CompletionNode[]): string {
  const parents = nodes.filter((node) => node.commands.length > 0);
  const lines = [
    "# holdfast completion for fish: holdfast completion fish | source",
    // The words that are commands so far; options and arguments are left out.
    "function __holdfast_path",
    "  set -l path ''",
    "  for word in (commandline -opc)[2..-1]",
    '    switch "$path|$word"',
    ...parents.flatMap((node) =>
      node.commands.map(
        ({ name }) =>
          `      case ${quoted(`${node.path}|${name}`)}; set path ${quoted(node.path === "" ? name : `${node.path} ${name}`)}`,
      ),
    ),
    "    end",
    "  end",
    "  echo $path",
    "end",
    "function __holdfast_at",
    '  test (__holdfast_path) = "$argv"',
    "end",
    "complete -c holdfast -f",
  ];
  for (const node of nodes) {
    const at = `complete -c holdfast -n ${quoted(`__holdfast_at '${node.path}'`)}`;
    for (const { name, summary } of node.commands)
      lines.push(`${at} -a ${quoted(name)} -d ${quoted(summary)}`);
    for (const { long, summary, takesValue, choices } of node.options) {
      const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(" "))}` : takesValue ? " -r" : "";
      lines.push(`${at} -l ${long.slice(2)}${value} -d ${quoted(summary)}`);
    }
    for (const { kind, words } of node.arguments) {
      if (kind === "words") lines.push(`${at} -a ${quoted(words.join(" "))}`);
      if (kind === "files") lines.push(`${at} -F`);
      if (kind === "tasks" || kind === "sources") {
        lines.push(`${at} -a '(holdfast __complete ${kind} 2>/dev/null </dev/null)'`);
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
