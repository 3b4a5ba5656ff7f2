/**
 * Recognising sequences that were looked at before without holding them.
 */

/** Numbers for sequences: the same number for the same sequence, and for no other. */
export class Chains {
  readonly #numbers = new Map<string, number>();

  follow(chain: number, next: string): number {
    const name = `${chain} ${next}`;
    const number = this.#numbers.get(name) ?? this.#numbers.size + 1;
    this.#numbers.set(name, number);
    return number;
  }
}
