/**
 * Whether a grammar could be compiled, and the words it brings: ABNF and XML of SRGS 1.0, as far as the service takes them. Rules must be
 * defined in the grammar itself, one of them must be the root, and none may refer to itself.
 */

export type GrammarForm = "abnf" | "xml";

/** Undefined: it cannot be compiled. */
export function grammarWords(text: string, form: GrammarForm): string[] | undefined {
  return form === "abnf" ? abnfWords(text) : xmlWords(text);
}

const ABNF_HEADER = /^\uFEFF?#ABNF\s+1\.0(\s+[\w-]+)?\s*;/;
const COMMENTS = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
/** Declarations in front of the rules. */
const DECLARATION = /^(language|mode|root|tag-format|lexicon|meta|http-equiv|base)\b/;
const RULE = /^(?:public\s+|private\s+)?\$([\w.-]+)\s*=\s*([\s\S]+)$/;
const REFERENCE = /\$([\w.-]+)/g;
/** What an expansion may hold besides words: weights, repeats, language tags. */
const ABNF_MARKS = /\/[\d.]+\/|<[^>]*>|![A-Za-z-]+|[()[\]|"]/g;

function abnfWords(text: string): string[] | undefined {
  if (!ABNF_HEADER.test(text)) return undefined;
  const statements = text
    .replace(ABNF_HEADER, "")
    .replaceAll(COMMENTS, " ")
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
  const rules = new Map<string, string>();
  let root: string | undefined;
  for (const statement of statements) {
    const rule = RULE.exec(statement);
    if (rule !== null) rules.set(rule[1] as string, rule[2] as string);
    else if (!DECLARATION.test(statement)) return undefined;
    else root ??= /^root\s+\$([\w.-]+)$/.exec(statement)?.[1];
  }
  const references = new Map(
    [...rules].map(([name, expansion]) => [
      name,
      [...expansion.matchAll(REFERENCE)].map((match) => match[1] as string),
    ]),
  );
  if (!areSound(references, root)) return undefined;
  return [...rules.values()].flatMap((expansion) =>
    wordsOf(expansion.replaceAll(REFERENCE, " ").replaceAll(ABNF_MARKS, " ")),
  );
}

const XML_TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<!DOCTYPE[^>]*>|<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;

interface XmlState {
  readonly open: string[];
  readonly references: Map<string, string[]>;
  readonly texts: string[];
  rule: string | undefined;
  root: string | undefined;
  grammars: number;
}

function xmlWords(text: string): string[] | undefined {
  const state: XmlState = {
    open: [],
    references: new Map(),
    texts: [],
    rule: undefined,
    root: undefined,
    grammars: 0,
  };
  let end = 0;
  for (const match of text.replace(/^\uFEFF/, "").matchAll(XML_TOKEN)) {
    if (match.index !== end || !takeToken(match, state)) return undefined;
    end += match[0].length;
  }
  const complete = end === text.replace(/^\uFEFF/, "").length && state.open.length === 0;
  if (!complete || state.grammars !== 1 || !areSound(state.references, state.root)) return undefined;
  return state.texts.flatMap(wordsOf);
}

/** False: the grammar is not well-formed, or refers to another one. */
function takeToken(match: RegExpExecArray, state: XmlState): boolean {
  const [, cdata, closing, name, attributes = "", single, text] = match;
  if (cdata !== undefined || text !== undefined) {
    const inside = state.open.at(-1);
    if (inside === undefined) return (cdata ?? text ?? "").trim() === "";
    if (inside === "item" || inside === "token" || inside === "rule") state.texts.push(cdata ?? text ?? "");
    return true;
  }
  if (name === undefined) return true;
  if (closing === "/") return state.open.pop() === name;
  if (state.open.length === 0) {
    if (name !== "grammar") return false;
    state.grammars++;
    state.root = attribute(attributes, "root");
  }
  if (name === "rule") {
    state.rule = attribute(attributes, "id");
    if (state.rule === undefined) return false;
    state.references.set(state.rule, []);
  }
  if (name === "ruleref") {
    const uri = attribute(attributes, "uri");
    if (uri?.startsWith("#") !== true || state.rule === undefined) return false;
    state.references.get(state.rule)?.push(uri.slice(1));
  }
  if (single !== "/") state.open.push(name);
  return true;
}

function attribute(attributes: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes);
  return match?.[1] ?? match?.[2];
}

/** The root and every reference are defined, and no rule leads to itself. */
function areSound(references: ReadonlyMap<string, readonly string[]>, root: string | undefined): boolean {
  if (root === undefined || !references.has(root)) return false;
  const done = new Set<string>();
  const visit = (name: string, above: ReadonlySet<string>): boolean => {
    const next = references.get(name);
    if (next === undefined || above.has(name)) return false;
    if (done.has(name)) return true;
    const path = new Set([...above, name]);
    const sound = next.every((reference) => visit(reference, path));
    done.add(name);
    return sound;
  };
  return [...references.keys()].every((name) => visit(name, new Set()));
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
}
