/**
 * Name patterns: `*` stands for any run of characters, everything else for itself.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const literal = pattern.split("*").map((text) => text.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join(".*")}$`, "su").test(name);
}
