import type { StrategyName } from "../strategies/strategy.ts";

/** How each strategy is called and drawn; colours are told apart in light and dark, and by the colour-blind. */
export const STRATEGY_STYLE: Record<StrategyName, { label: string; light: string; dark: string }> = {
  ours: { label: "Fairlead", light: "#0b63ce", dark: "#5aa9ff" },
  leastReported: { label: "least reported, no debit", light: "#c2410c", dark: "#ff8a4c" },
  twoChoices: { label: "two choices", light: "#0d8060", dark: "#3ecf9f" },
  roundRobin: { label: "round robin", light: "#9333b8", dark: "#d18cf0" },
  random: { label: "random", light: "#787f8a", dark: "#a3abb8" },
};

export function strategyColours(theme: "light" | "dark"): string {
  return Object.entries(STRATEGY_STYLE)
    .map(([name, style]) => `--${name}: ${style[theme]};`)
    .join(" ");
}
