/** Of numbers in a codec's header, from the highest bit on. */
export type Bits = { take(count: number): number; exp(): number; signedExp(): number };

/** They throw: RangeError beyond the end, Error for a number of more than 31 bits. */
export function bitsOf(bytes: Buffer): Bits {
  let at = 0;
  const take = (count: number) => {
    let value = 0;
    for (let i = 0; i < count; i++, at++)
      value = value * 2 + ((bytes.readUInt8(at >> 3) >> (7 - (at & 7))) & 1);
    return value;
  };
  const exp = () => {
    let zeros = 0;
    while (take(1) === 0) if (++zeros > 31) throw new Error("no number");
    return 2 ** zeros - 1 + take(zeros);
  };
  const signedExp = () => {
    const code = exp();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  };
  return { take, exp, signedExp };
}
