import { expect, it } from "vitest";
import { RateTable } from "./memory.ts";
import type { Rate } from "./rate.ts";

const rateOf = (subject: string): Rate => ({ name: "address", subject, limit: 2, windowMs: 1_000 });

it("a burst of subjects is forgotten again by those that come later", () => {
  const table = new RateTable();
  for (let subject = 0; subject < 1_000; subject += 1) table.count([rateOf(`${subject}`)], 0);
  expect(table.size).toBe(1_000);
  for (let time = 0; time < 1_000; time += 1) table.count([rateOf("one")], 10_000 + time * 1_000);
  expect(table.size).toBe(1);
});

it("a subject that owes still is not forgotten, however many come", () => {
  const table = new RateTable();
  table.count([rateOf("one")], 0);
  table.count([rateOf("one")], 0);
  for (let subject = 0; subject < 100; subject += 1) table.count([rateOf(`other-${subject}`)], 0);
  expect(() => table.count([rateOf("one")], 0)).toThrow(expect.objectContaining({ code: "rate_limited" }));
});
