/**
 * English words for numbers, as the service reads them in a corpus: `500` is `five hundred`, `$100` is `one hundred dollars`.
 */
const SMALL = (
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen " +
  "seventeen eighteen nineteen"
).split(" ");
const TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const SCALES: readonly (readonly [number, string])[] = [
  [1_000_000_000, "billion"],
  [1_000_000, "million"],
  [1_000, "thousand"],
];

/** Longer numbers are read digit by digit. */
const MAX_DIGITS = 12;

/** Every word that can come out. */
export const NUMBER_WORDS: readonly string[] = [
  ...SMALL,
  ...TENS,
  ...SCALES.map(([, name]) => name),
  "hundred",
  "dollars",
];

/** `digits`: only digits, at least one. */
export function numberWords(digits: string): string[] {
  if (digits.length > MAX_DIGITS) return digits.split("").map((digit) => SMALL[Number(digit)] ?? digit);
  return wordsOf(Number(digits));
}

function wordsOf(value: number): string[] {
  if (value < 20) return [SMALL[value] as string];
  if (value < 100) {
    const ten = TENS[Math.floor(value / 10)] as string;
    return value % 10 === 0 ? [ten] : [ten, SMALL[value % 10] as string];
  }
  if (value < 1000) {
    return [SMALL[Math.floor(value / 100)] as string, "hundred", ...rest(value % 100)];
  }
  const [scale, name] = SCALES.find(([least]) => value >= least) as readonly [number, string];
  return [...wordsOf(Math.floor(value / scale)), name, ...rest(value % scale)];
}

function rest(value: number): string[] {
  return value === 0 ? [] : wordsOf(value);
}
