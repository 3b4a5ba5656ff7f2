/**
 * How the stand-in reads text: corpora, numbers, pronunciations and grammars.
 */
import { describe, expect, test } from "vitest";

import { knownBaseModel } from "../../src/sandbox/watson-stt/base-models.ts";
import type { BaseModel } from "../../src/sandbox/watson-stt/base-models.ts";
import { grammarWords } from "../../src/sandbox/watson-stt/language/grammar-check.ts";
import { numberWords } from "../../src/sandbox/watson-stt/text/number-words.ts";
import {
  generatedPronunciations,
  pronunciationErrors,
} from "../../src/sandbox/watson-stt/text/pronunciation.ts";
import { Tokenizer } from "../../src/sandbox/watson-stt/text/tokenizer.ts";

function base(name: string): BaseModel {
  return knownBaseModel(name) as BaseModel;
}

function tokens(text: string, language = "en-US", pieceBytes = Number.POSITIVE_INFINITY): string[] {
  const found: string[] = [];
  const tokenizer = new Tokenizer(language, (word) => found.push(word));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) tokenizer.push(bytes.subarray(at, at + pieceBytes));
  tokenizer.end();
  return found;
}

describe("a corpus", () => {
  test.for([
    ["call us at 500 now", ["call", "us", "at", "five", "hundred", "now"]],
    ["it costs $1,250.", ["it", "costs", "one", "thousand", "two", "hundred", "fifty", "dollars"]],
    ["in (not this) or [that] or {those} <tag> out", ["in", "or", "or", "out"]],
    ["open (for the line\nclosed", ["open", "closed"]],
    ["don't — 'quoted', well-known U.S. end.", ["don't", "quoted", "well-known", "U.S.", "end"]],
    ["& % $ … \t\u00a0\u3000", []],
  ] as const)("%j is taken apart", ([text, words]) => {
    expect(tokens(text)).toEqual(words);
  });

  test("gives the same words however its bytes are cut", () => {
    const text = "\uFEFFÜber 1,000 Wörter (nicht diese)\r\n☎ für $5 don't";
    const whole = tokens(text, "de-DE");
    expect(whole).toEqual(["Über", "1000", "Wörter", "für", "5", "don't"]);
    for (const size of [1, 2, 3, 5]) expect(tokens(text, "de-DE", size)).toEqual(whole);
  });

  test("in Korean keeps what stands in brackets", () => {
    expect(tokens("(안녕)", "ko-KR")).toEqual(["안녕"]);
  });

  test("of one endless word is cut into words, not gathered", () => {
    expect(tokens("x".repeat(1000)).map((word) => word.length)).toEqual([256, 256, 256, 232]);
  });
});

test.for([
  ["0", "zero"],
  ["17", "seventeen"],
  ["40", "forty"],
  ["105", "one hundred five"],
  ["1000000", "one million"],
  ["2021", "two thousand twenty one"],
  ["1234567890123", "one two three four five six seven eight nine zero one two three"],
] as const)("%s is %s", ([digits, words]) => {
  expect(numberWords(digits).join(" ")).toBe(words);
});

describe("pronunciations", () => {
  test.for([
    ["en-US_Telephony", "I. B. M.", true],
    ["en-US_Telephony", "eye bee em", true],
    ["en-US_Telephony", "naïve", false],
    ["en-US_Telephony", "a-b", false],
    ["en-US_BroadbandModel", "a-b", true],
    ["en-GB_BroadbandModel", "a-b", false],
    ["de-DE", "Größe", true],
    ["nl-NL_Telephony", "a1", false],
    ["nl-NL_Multimedia", "a1", true],
    ["ja-JP_BroadbandModel", "トウキョウ", true],
    ["ja-JP_BroadbandModel", "東京", false],
    ["ko-KR_BroadbandModel", "서울 seoul", true],
    ["ko-KR_BroadbandModel", "서울!", false],
    ["sv-SE_Telephony", "12", true],
  ] as const)("of %s: %s", ([name, value, taken]) => {
    expect(pronunciationErrors(base(name), [value], "strict").length === 0).toBe(taken);
  });

  test.for([
    ["en-US", "IBM"],
    ["en-US", "o'neil-2"],
    ["de-DE", "Übergröße"],
    ["ja-JP", "東京"],
    ["ja-JP", "トウキョウ"],
    ["ko-KR", "서울"],
    ["fr-FR", "l'été"],
  ] as const)("that are made up are always taken: %s %s", ([language, word]) => {
    const made = generatedPronunciations(language, word);
    expect(pronunciationErrors(base(`${language}_BroadbandModel`), made, "strict")).toEqual([]);
  });
});

describe("a grammar", () => {
  test.for([
    "#ABNF 1.0 UTF-8;\nlanguage en-US;\nmode voice;\nroot $yesno;\n$yesno = yes | no ;",
    "#ABNF 1.0;\nroot $a;\n/* two */ public $a = call $b <0-1>; // one\nprivate $b = /0.5/ me [please] | us;",
  ])("in ABNF is taken: %j", (text) => {
    expect(grammarWords(text, "abnf")).toBeDefined();
  });

  test("brings its words and none of its marks", () => {
    expect(
      grammarWords('#ABNF 1.0;\nroot $a;\n$a = call $b <0-1>;\n$b = /0.5/ (me [please]) | "us";', "abnf"),
    ).toEqual(["call", "me", "please", "us"]);
    expect(
      grammarWords(
        '<grammar root="a"><rule id="a"><one-of><item>yes sir</item><item><ruleref uri="#b"/></item></one-of></rule><rule id="b">no</rule></grammar>',
        "xml",
      ),
    ).toEqual(["yes", "sir", "no"]);
  });

  test.for([
    ["abnf", "$a = yes;"],
    ["abnf", "#ABNF 1.0;\n$a = yes;"],
    ["abnf", "#ABNF 1.0;\nroot $b;\n$a = yes;"],
    ["abnf", "#ABNF 1.0;\nroot $a;\n$a = yes $a | no;"],
    ["abnf", "#ABNF 1.0;\nroot $a;\n$a = yes;\nnonsense"],
    ["xml", "<grammar></grammar>"],
    ["xml", '<grammar root="a"><rule id="a">yes</grammar>'],
    ["xml", '<rule id="a">yes</rule>'],
    ["xml", '<grammar root="a"><rule id="a"><ruleref uri="http://x#y"/></rule></grammar>'],
    ["xml", '<grammar root="a"><rule id="a"><ruleref uri="#b"/></rule></grammar>'],
    ["xml", "no grammar at all"],
    ["xml", ""],
  ] as const)("in %s that cannot be compiled is noticed: %s", ([form, text]) => {
    expect(grammarWords(text, form)).toBeUndefined();
  });
});
