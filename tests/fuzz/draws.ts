import * as fc from "fast-check";

const CHUNK = 100;

/** @returns A function that gives one value after another, the same ones for the same seed. */
export function draws<T>(arbitrary: fc.Arbitrary<T>, seed: number): () => T {
  let chunk: T[] = [];
  let chunks = 0;
  return () => {
    if (chunk.length === 0) {
      chunk = fc.sample(arbitrary, { seed: (seed + chunks * 7_919) | 0, numRuns: CHUNK });
      chunks += 1;
    }
    return chunk.pop() as T;
  };
}
