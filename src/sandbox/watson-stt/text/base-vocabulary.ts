/**
 * The words that the stand-in's base models know, per language: a few dozen, so that a corpus of the previous generation has words that
 * are new to the model. What the real service knows is incomparably more.
 */
import { NUMBER_WORDS } from "./number-words.ts";

const WORDS: Readonly<Record<string, string>> = {
  en:
    "a about after all also an and any are as at back be because been but by call can come could day did do does first for from get " +
    "give go good had has have he hello help her here him his how i if in into is it its just know like look made make many may me " +
    "more most my name new no not now of on one only or other our out over people please say see she so some take than thank that " +
    "the their them then there these they thing think this time to two up us use want was way we well were what when where which " +
    "who will with work would yes you your",
  de: "aber alle als am an auch auf aus bei bin bis bitte da das dass dem den der des die doch du ein eine er es für haben hallo hat ich ihr im in ist ja kann mit nach nein nicht noch nur oder sein sich sie sind so und uns von war was wenn wer wie wir wird zu zum zur",
  es: "a al algo como con de del donde el ella en es esta este gracias ha hola la las lo los más me mi muy no nos o para pero por que qué se sí si sin su también te tiene tu un una y ya yo",
  fr: "à au aussi avec bonjour ce cela ces dans de des du elle en est et être il ils je la le les leur mais me merci mon ne non nous on ou oui par pas plus pour que qui sa se ses son sur te tu un une vous",
  it: "a al anche che chi ci ciao come con da del della di e è gli grazie ha ho i il in io la le lo ma mi ne no non o per più se si sì sono su ti tu un una",
  ja: "は が を に の で と も です ます はい いいえ",
  ko: "은 는 이 가 을 를 에 의 예 아니요 안녕하세요",
  nl: "aan als bij dat de die dit een en er het hij ik in is ja je maar met naar nee niet of om op te uit van voor was wat we wij zijn",
  pt: "a ao as até com como da das de do dos e ela ele em eu é foi já mais mas na nas no nos não o olá ou para por que se sim sua também um uma você",
};

const SETS = new Map(Object.entries(WORDS).map(([language, words]) => [language, new Set(words.split(" "))]));
const NUMBERS = new Set(NUMBER_WORDS);
const NONE: ReadonlySet<string> = new Set();

/** `language`: a locale such as `en-US`. Letter case does not matter. */
export function isBaseWord(language: string, word: string): boolean {
  const lower = word.toLowerCase();
  const short = language.slice(0, 2);
  if (/^\d+$/.test(lower)) return true;
  return (SETS.get(short) ?? NONE).has(lower) || (short === "en" && NUMBERS.has(lower));
}
