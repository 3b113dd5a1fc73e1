/**
 * @param share 0..1.
 * @returns The smallest sample that this share of the samples does not pass; NaN of none.
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** @returns The middle one; of an even number the mean of both in the middle, so that few samples are not judged by the better half. */
export function median(samples: readonly number[]): number {
  const lower = quantile(samples, 0.5);
  return samples.length % 2 === 1
    ? lower
    : (lower -
        quantile(
          samples.map((sample) => -sample),
          0.5,
        )) /
        2;
}

export type Summary = { count: number; p50: number; p90: number; p99: number; max: number };

export function summarize(samples: readonly number[]): Summary {
  const at = (share: number) => rounded(quantile(samples, share));
  return { count: samples.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/** To a thousandth: a microsecond, where the unit is ms. */
export function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
