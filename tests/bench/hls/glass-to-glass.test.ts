import { expect, it } from "vitest";
import { ageOf, standstillsIn } from "./glass-to-glass.ts";

it("a picture's age counts from the last time that its number was sent", () => {
  const sent = [
    { counter: 7, atMs: 1_000 },
    { counter: 8, atMs: 1_033 },
    { counter: 7, atMs: 11_000 },
  ];
  expect(ageOf({ counter: 7, atMs: 11_500 }, sent)).toEqual([500]);
  expect(ageOf({ counter: 7, atMs: 10_999 }, sent)).toEqual([9_999]);
  expect(ageOf({ counter: 9, atMs: 11_500 }, sent)).toEqual([]);
});

it("a standstill is a picture that comes late after the one before it", () => {
  const shown = [0, 33, 66, 400, 433, 1_000].map((atMs, counter) => ({ counter, atMs }));
  expect(standstillsIn(shown)).toBe(2);
});
