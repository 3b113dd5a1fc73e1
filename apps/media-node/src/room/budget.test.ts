import { expect, it } from "vitest";
import { Budget } from "./budget.ts";
import { type BudgetLimits, DEFAULT_BUDGETS, PeerBudgets } from "./peer-budgets.ts";
import { SpentBudgets } from "./spent-budgets.ts";

function setUp(burst: number, perSecond: number) {
  const clock = { ms: 1_000 };
  const budget = new Budget({ burst, perSecond }, () => clock.ms);
  return { budget, clock, take: (units = 1) => budget.take(units) };
}

/** Of a peer among `others`. */
function budgetsOf({ limits = {}, now = () => 0, others = 0 }: Partial<Given> = {}): PeerBudgets {
  const spent = new SpentBudgets({ ...DEFAULT_BUDGETS, ...limits }, now);
  return new PeerBudgets(
    (name) => spent.of("room", "ann", name),
    () => others,
  );
}
type Given = { limits: Partial<BudgetLimits>; now: () => number; others: number };

it("a budget gives its burst at once, then as much as comes back, and says when that will be", () => {
  const { budget, clock, take } = setUp(10, 2);
  take(10);
  expect(() => take()).toThrow(expect.objectContaining({ code: "rate_limited", retryAfterMs: 500 }));
  expect(() => take(4)).toThrow(expect.objectContaining({ retryAfterMs: 2_000 }));
  clock.ms += 1_999;
  expect([budget.left(), budget.waitMs(4)]).toEqual([3, 1]);
  clock.ms += 1;
  take(4);
  expect(budget.left()).toBe(0);
});

it("what a budget never has at once is given when it is whole", () => {
  const { budget, clock, take } = setUp(10, 2);
  take(4);
  expect(budget.waitMs(1_000)).toBe(2_000);
  clock.ms += 2_000;
  expect([budget.isWhole, budget.waitMs(1_000)]).toEqual([true, 0]);
});

it("a clock that steps back gives nothing, and takes nothing", () => {
  const { budget, clock, take } = setUp(10, 2);
  take(10);
  clock.ms -= 60_000;
  expect(budget.left()).toBe(0);
  clock.ms += 1_000;
  expect(budget.left()).toBe(2);
});

it("a peer is charged for everything that a command makes, or for nothing", () => {
  const budgets = budgetsOf({
    limits: { producers: { burst: 2, perSecond: 1 }, consumers: { burst: 30, perSecond: 1 } },
  });
  budgets.charge({ producers: 1, consumers: 25 });
  const refused = { code: "rate_limited", retryAfterMs: 20_000 };
  expect(() => budgets.charge({ producers: 1, consumers: 25 })).toThrow(expect.objectContaining(refused));
  expect([budgets.left("producers"), budgets.left("consumers")]).toEqual([1, 5]);
});

it("everybody's consumers of a publisher's sources, published twice and again, are within its budget in a room of any size", () => {
  for (const others of [1, 25, 1_000]) {
    const budgets = budgetsOf({ others });
    for (let made = 0; made < 12; made += 1) budgets.charge({ producers: 1, consumers: others });
  }
});

it("the log tells once a minute of a peer that meets its limits", () => {
  const clock = { ms: 0 };
  const budgets = budgetsOf({ now: () => clock.ms });
  const lines = [0, 59_999, 60_000, 60_001].map((ms) => {
    clock.ms = ms;
    return budgets.takeLogLine();
  });
  expect(lines).toEqual([true, false, true, false]);
});

it("what was spent while more was allowed, in a room that has shrunk since, counts as all that is allowed now", () => {
  const { budget, clock } = setUp(10, 2);
  budget.spend(400);
  expect([budget.left(400), budget.left(), budget.waitMs(4)]).toEqual([10, 0, 2_000]);
  clock.ms += 2_000;
  expect(budget.waitMs(4)).toBe(0);
});
