/**
 * Mango selectors on stored documents: which documents a restore is about.
 *
 * The shape of a selector (fields, combinations, negation, elements of arrays) is read here, by CouchDB's rules: a
 * condition on a field that is not there is false, negated or not, except `{"$exists": false}`. The single
 * comparisons, with CouchDB's order of values, are `pouchdb-selector-core`'s.
 */
import { matchesSelector } from "pouchdb-selector-core";
import { HoldfastError } from "../../model/errors.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Whether a value, undefined where the field is missing, fulfils a condition. */
type Condition = (value: Json | undefined) => boolean;

/** Operators whose negation is another operator. */
const OPPOSITES: Readonly<Record<string, string>> = {
  $eq: "$ne",
  $ne: "$eq",
  $lt: "$gte",
  $gte: "$lt",
  $lte: "$gt",
  $gt: "$lte",
  $in: "$nin",
  $nin: "$in",
};

/** Comparisons and the operand each takes. */
const COMPARISONS: Readonly<Record<string, (operand: Json) => boolean>> = {
  $eq: () => true,
  $ne: () => true,
  $lt: () => true,
  $lte: () => true,
  $gt: () => true,
  $gte: () => true,
  $in: Array.isArray,
  $nin: Array.isArray,
  $all: Array.isArray,
  $size: (operand) => Number.isInteger(operand),
  $mod: (operand) =>
    Array.isArray(operand) && operand.length === 2 && operand[0] !== 0 && operand.every(Number.isInteger),
  $type: (operand) => ["null", "boolean", "number", "string", "array", "object"].includes(operand as string),
  $regex: isPattern,
};

/**
 * Compiles a selector. The result takes a stored part (a document's JSON) and never changes it; integers beyond 2^53
 * are compared as doubles. Throws `usage` for anything CouchDB would refuse as a selector.
 */
export function compileSelector(selector: unknown): (part: Buffer) => boolean {
  if (!isObject(selector)) throw refusal("a selector is a JSON object", selector);
  const matches = fields(selector as { [name: string]: Json }, false);
  return (part) => matches(JSON.parse(part.toString("utf8")) as Json);
}

/** An object of fields and combinations, all of which must hold (one of which must fail, when negated). */
function fields(selector: { [name: string]: Json }, negated: boolean): Condition {
  const all = Object.entries(selector).map(([name, operand]) =>
    name.startsWith("$") ? operator(name, operand, negated) : field(pathOf(name), operand, negated),
  );
  if (all.length === 0) return () => !negated;
  return negated
    ? (value) => all.some((holds) => holds(value))
    : (value) => all.every((holds) => holds(value));
}

function field(path: readonly string[], operand: Json, negated: boolean): Condition {
  const bare = !isObject(operand) || Object.keys(operand as object).length === 0;
  const holds = bare
    ? comparison("$eq", operand, negated)
    : fields(operand as { [name: string]: Json }, negated);
  return (value) => holds(resolve(value, path));
}

function operator(name: string, operand: Json, negated: boolean): Condition {
  switch (name) {
    case "$and":
      return combination(name, operand, negated, negated);
    case "$or":
      return combination(name, operand, !negated, negated);
    case "$nor":
      return combination(name, operand, negated, !negated);
    case "$not":
      return condition(name, operand, !negated);
    case "$exists": {
      if (typeof operand !== "boolean") throw refusal("$exists takes true or false", operand);
      return (value) => (value !== undefined) === (operand !== negated);
    }
    case "$elemMatch":
    case "$allMatch": {
      const matches = condition(name, operand, false);
      const some = name === "$elemMatch";
      return present(negated, (value) => {
        if (!Array.isArray(value) || value.length === 0) return false;
        return some ? value.some(matches) : value.every(matches);
      });
    }
    case "$keyMapMatch": {
      const matches = condition(name, operand, false);
      return present(negated, (value) => isObject(value) && Object.keys(value as object).some(matches));
    }
    case "$beginsWith": {
      if (typeof operand !== "string") throw refusal("$beginsWith takes a string", operand);
      return present(negated, (value) => typeof value === "string" && value.startsWith(operand));
    }
    default:
      return comparison(name, operand, negated);
  }
}

/** Several selectors in a list: `any` of them must hold, or all; each negated or not. */
function combination(name: string, operand: Json, any: boolean, negated: boolean): Condition {
  if (!Array.isArray(operand)) throw refusal(`${name} takes a list of selectors`, operand);
  const all = operand.map((each) => condition(name, each, negated));
  return any ? (value) => all.some((holds) => holds(value)) : (value) => all.every((holds) => holds(value));
}

function condition(name: string, operand: Json, negated: boolean): Condition {
  if (!isObject(operand)) throw refusal(`${name} takes a selector`, operand);
  return fields(operand as { [name: string]: Json }, negated);
}

function comparison(name: string, operand: Json, negated: boolean): Condition {
  const accepts = COMPARISONS[name];
  if (accepts === undefined) throw refusal(`${name} is not an operator`, operand);
  if (!accepts(operand)) throw refusal(`${name} does not take this operand`, operand);
  const opposite = negated ? OPPOSITES[name] : undefined;
  const selector = { value: { [opposite ?? name]: operand } };
  return present(negated && opposite === undefined, (value) => matchesSelector({ value }, selector));
}

/** A condition that no missing field fulfils, negated or not. */
function present(negated: boolean, holds: (value: Json) => boolean): Condition {
  return (value) => value !== undefined && holds(value) !== negated;
}

/** The steps of a field's name: dots divide, `\.` and `\$` are plain characters. */
function pathOf(name: string): string[] {
  const steps = [""];
  for (const [token] of name.matchAll(/\\[.$]|[^]/gu)) {
    if (token === ".") steps.push("");
    else steps[steps.length - 1] += token.length > 1 && token.startsWith("\\") ? token.slice(1) : token;
  }
  return steps;
}

function resolve(value: Json | undefined, path: readonly string[]): Json | undefined {
  let at = value;
  for (const step of path) {
    if (Array.isArray(at)) at = /^\d+$/.test(step) ? at[Number(step)] : undefined;
    else
      at =
        isObject(at) && Object.hasOwn(at as object, step)
          ? (at as { [name: string]: Json })[step]
          : undefined;
  }
  return at;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPattern(operand: Json): boolean {
  if (typeof operand !== "string") return false;
  try {
    return new RegExp(operand) instanceof RegExp;
  } catch {
    return false;
  }
}

function refusal(what: string, operand: unknown): HoldfastError {
  const shown = JSON.stringify(operand) ?? String(operand);
  return new HoldfastError("usage", `the selector cannot be used: ${what}, not ${shown.slice(0, 100)}`);
}
