import { describe, expect, it } from "vitest";
import { simulateStrategy } from "../simulate-strategy.ts";
import { STRATEGY_NAMES } from "../strategies/create-strategy.ts";
import { planCourse } from "../workload/course.ts";
import { ticksOf } from "./axes.ts";
import { renderReport } from "./render-report.ts";

describe("the report", () => {
  it("has each strategy of each size, and needs nothing from elsewhere", async () => {
    const size = { nodes: 4, coresPerNode: 2 };
    const course = planCourse(size, 60_000);
    const results = await Promise.all(STRATEGY_NAMES.map((name) => simulateStrategy(name, size, course, 1)));
    const html = renderReport([{ size, course, results }], 1);
    expect(html).toContain("4 nodes × 2 cores");
    expect(html.match(/<tr class="/g)?.length).toBe(STRATEGY_NAMES.length);
    expect(html.match(/<figure>/g)?.length).toBe(4 + STRATEGY_NAMES.length);
    expect(html).not.toMatch(/NaN|undefined|Infinity|https?:|<script|<link|src=/);
  });

  it("axes have round numbers", () => {
    expect(ticksOf({ from: 0, to: 1.4 }, 8)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4]);
    expect(ticksOf({ from: 0, to: 0.031 }, 4)).toEqual([0, 0.01, 0.02, 0.03]);
  });
});
