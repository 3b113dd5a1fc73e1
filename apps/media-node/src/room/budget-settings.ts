import { setting } from "@fairlead/server-process";
import * as z from "zod";
import type { BudgetLimit } from "./budget.ts";
import { type BudgetLimits, type BudgetName, DEFAULT_BUDGETS } from "./peer-budgets.ts";

/** Nobody reaches it. */
const OFF: BudgetLimit = { burst: 1e9, perSecond: 1e9 };
const NAMES = Object.keys(DEFAULT_BUDGETS) as [BudgetName, ...BudgetName[]];
const ACCEPTED = `budgets like joins=10/30 or joins=off with commas between, of ${NAMES.join(", ")}`;

/** `NAME=N/S`: N at once, and N in S seconds in the long run. */
const Entry = z
  .string()
  .regex(/^\w+=(off|[1-9]\d{0,5}\/[1-9]\d{0,3})$/)
  .transform((text) => text.split("="))
  .pipe(z.tuple([z.enum(NAMES), z.string()]))
  .transform(([name, limit]): [BudgetName, BudgetLimit] => [name, limit === "off" ? OFF : limitOf(limit)]);

export const budgetSettings = {
  FAIRLEAD_BUDGETS: setting.listOf(Entry, "").default([]).describe(ACCEPTED),
};

export type BudgetConfig = { budgets: Partial<BudgetLimits> };

export function budgetConfig(given: z.output<z.ZodObject<typeof budgetSettings>>): BudgetConfig {
  return { budgets: Object.fromEntries(given.FAIRLEAD_BUDGETS) };
}

function limitOf(text: string): BudgetLimit {
  const [burst = 1, windowS = 1] = text.split("/").map(Number);
  return { burst, perSecond: burst / windowS };
}
