import { costOf, type Rate, type RateStanding, rateRefusal, standingOf } from "../rules/rates/rate.ts";

/** @returns What the scripts take: of each its key, the cost of a request, and the most that may be owed, µs. */
export function toRatesText(rates: readonly Rate[]): string {
  return rates
    .map((rate) => {
      const { intervalUs, burstUs } = costOf(rate);
      return `${rate.name}:${rate.subject} ${intervalUs} ${burstUs}`;
    })
    .join(" ");
}

/** @param text What is owed of each, µs. */
export function parseOwed(text: string, rates: readonly Rate[]): RateStanding[] {
  const owed = text.split(" ");
  return rates.map((rate, index) => standingOf(rate, Number(owed[index])));
}

/** @returns The refusal of the rate that stands at `index`. */
export function parseRateRefusal(index: string, waitUs: string, rates: readonly Rate[]): Error {
  const rate = rates[Number(index)];
  return rate ? rateRefusal(rate, Number(waitUs)) : new RangeError(`no rate ${index} was asked for`);
}
