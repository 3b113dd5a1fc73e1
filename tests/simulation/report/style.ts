import { STRATEGY_STYLE, strategyColours } from "./strategy-style.ts";

const LIGHT =
  "--page: #ffffff; --text: #1b1f24; --faint: #5c6570; --grid: #e2e5e9; --burst: #fdf0cf; --death: #b42318;";
const DARK =
  "--page: #14171b; --text: #e7eaee; --faint: #9aa4b0; --grid: #2b3138; --burst: #3a3117; --death: #ff7b6e;";

const OF_STRATEGIES = Object.keys(STRATEGY_STYLE)
  .map((name) => `.${name} { --own: var(--${name}); }`)
  .join("\n");

export const STYLE = `
:root { color-scheme: light dark; ${LIGHT} ${strategyColours("light")} }
@media (prefers-color-scheme: dark) { :root { ${DARK} ${strategyColours("dark")} } }
${OF_STRATEGIES}
body { margin: 0 auto; max-width: 1180px; padding: 24px 20px 60px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 8px; font-size: 26px; }
h2 { margin: 44px 0 4px; font-size: 20px; }
p { max-width: 78ch; margin: 6px 0; }
.faint, small, .tick { color: var(--faint); fill: var(--faint); }
small { display: block; font-weight: 400; font-size: 12.5px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 18px 28px; margin: 14px 0; }
.spread { margin-top: 22px; }
.fans figcaption { min-height: 0; }
.fans .tick { font-size: 17px; }
.fans { grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); }
figure { margin: 0; }
figcaption { font-weight: 600; font-size: 14px; min-height: 42px; }
svg { display: block; width: 100%; height: auto; }
.tick { font-size: 12px; }
.grid { stroke: var(--grid); }
.line { fill: none; stroke: var(--own); stroke-width: 1.6; stroke-linejoin: round; }
.line.ours { stroke-width: 3; }
.thin { fill: none; stroke: var(--own); stroke-width: 1; stroke-dasharray: 3 3; }
.inner { fill: var(--own); opacity: 0.4; }
.outer { fill: var(--own); opacity: 0.2; }
.burst { fill: var(--burst); }
.death { stroke: var(--death); stroke-width: 1.2; stroke-dasharray: 2 3; }
.limit { stroke: var(--faint); stroke-width: 1.2; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 20px; margin: 12px 0; padding: 0; list-style: none; font-size: 14px; }
.legend i { display: inline-block; width: 22px; height: 0; margin-right: 7px; vertical-align: middle;
  border-top: 3px solid var(--own); }
.legend i.burst { height: 12px; border: 0; background: var(--burst); }
.legend i.death { border-top: 0; border-left: 2px dashed var(--death); width: 0; height: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; min-width: 100%; }
th, td { padding: 5px 10px; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th { vertical-align: bottom; font-weight: 600; }
thead th { color: var(--faint); font-weight: 500; white-space: normal; }
tbody th { text-align: left; border-left: 4px solid var(--own); }
tr.ours td, tr.ours th { font-weight: 700; }
`;
