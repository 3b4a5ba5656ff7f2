/**
 * Gives equal subtrees equal numbers, so that a diff compares any two of them in one step.
 *
 * Each node gets two: `loose` ignores the order of members, `strict` does not. The work is linear in the size of
 * the trees, since a node's identity is made of its children's numbers and not of their text.
 */
import type { JsonNode } from "./node.ts";
import { canonicalNumber } from "./number.ts";
import { scalarText } from "./text.ts";

export interface Identity {
  readonly loose: number;
  readonly strict: number;
}

export class Identities {
  private readonly known = new Map<JsonNode, Identity>();
  private readonly numbers = new Map<string, number>();

  of(root: JsonNode): Identity {
    const done = this.known.get(root);
    if (done !== undefined) return done;
    const rest: JsonNode[] = [root];
    for (let node = rest.at(-1); node !== undefined; node = rest.at(-1)) {
      const unknown = children(node).filter((child) => !this.known.has(child));
      if (unknown.length > 0) {
        for (const child of unknown) rest.push(child);
        continue;
      }
      this.known.set(node, this.number(node));
      rest.pop();
    }
    return this.known.get(root) as Identity;
  }

  private number(node: JsonNode): Identity {
    if (node.kind === "array") {
      const of = node.elements.map((element) => this.known.get(element) as Identity);
      return {
        loose: this.intern(`[${of.map((each) => each.loose).join(",")}`),
        strict: this.intern(`[${of.map((each) => each.strict).join(",")}`),
      };
    }
    if (node.kind === "object") {
      const of = node.members.map((member) => {
        const { loose, strict } = this.known.get(member.value) as Identity;
        const name = JSON.stringify(member.name);
        return { loose: `${name}:${loose}`, strict: `${name}:${strict}` };
      });
      return {
        loose: this.intern(
          `{${of
            .map((each) => each.loose)
            .sort()
            .join(",")}`,
        ),
        strict: this.intern(`{${of.map((each) => each.strict).join(",")}`),
      };
    }
    const number = this.intern(scalarText(node, canonicalNumber));
    return { loose: number, strict: number };
  }

  private intern(text: string): number {
    const number = this.numbers.get(text) ?? this.numbers.size;
    this.numbers.set(text, number);
    return number;
  }
}

function children(node: JsonNode): readonly JsonNode[] {
  if (node.kind === "array") return node.elements;
  return node.kind === "object" ? node.members.map((member) => member.value) : [];
}
