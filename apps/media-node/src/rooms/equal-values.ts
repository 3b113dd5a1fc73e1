import { setNewest } from "@fairlead/protocol";

/** One value for all that are equal, of those that came lately: browsers say the same of themselves by the thousand, in some KB. */
export class EqualValues<T> {
  readonly #max: number;
  readonly #byText = new Map<string, T>();

  /** @param max How many different ones are kept for those to come. */
  constructor(max: number) {
    this.#max = max;
  }

  /** @param value JSON, which nobody changes any more. */
  of(value: T): T {
    const text = JSON.stringify(value);
    const one = this.#byText.get(text) ?? value;
    setNewest(this.#byText, [text, one], this.#max);
    return one;
  }
}
