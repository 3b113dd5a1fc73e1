import { expect, it } from "vitest";
import { DEFAULT_BUDGETS } from "../room/peer-budgets.ts";
import { JoinBudgets } from "./join-budgets.ts";

function setUp() {
  const clock = { ms: 0 };
  const budgets = new JoinBudgets(DEFAULT_BUDGETS.joins, () => clock.ms);
  const joinTenTimes = () => Array.from({ length: 10 }, () => budgets.take("room", "ann"));
  return { budgets, clock, joinTenTimes };
}
const LIMITED = expect.objectContaining({ code: "rate_limited", retryAfterMs: 3_000 });

it("an identity joins a room ten times at once, then once in three seconds, and others are not held up", () => {
  const { budgets, clock, joinTenTimes } = setUp();
  joinTenTimes();
  expect(() => budgets.take("room", "ann")).toThrow(LIMITED);
  budgets.take("room", "bob");
  budgets.take("another room", "ann");
  clock.ms += 3_000;
  budgets.take("room", "ann");
  expect(() => budgets.take("room", "ann")).toThrow(LIMITED);
});

it("a join that came to nothing is given back, and a move of the room gives all of them back", () => {
  const { budgets, joinTenTimes } = setUp();
  const giveBack = joinTenTimes()[0];
  giveBack?.();
  budgets.take("room", "ann");
  expect(() => budgets.take("room", "ann")).toThrow(LIMITED);
  budgets.forget("room");
  joinTenTimes();
});
