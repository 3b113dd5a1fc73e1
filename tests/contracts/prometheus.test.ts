import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MetricsStore } from "@fairlead/telemetry";
import {
  COUNTERS,
  DURATIONS,
  type Exposed,
  exposeMetrics,
  GAUGES,
  type ProcessKind,
} from "@fairlead/telemetry/prometheus";
import { describe, expect, it } from "vitest";
import { needProgram } from "../setup/programs.ts";

const FOLDER = join(import.meta.dirname, "../../deploy/prometheus");
const TABLES = { counter: COUNTERS, histogram: DURATIONS, gauge: GAUGES };
const EXPOSED: (Exposed & { type: string })[] = Object.entries(TABLES).flatMap(([type, table]) =>
  Object.values<Exposed>(table).map((each) => ({ ...each, type: each.isTotal ? "counter" : type })),
);

function promtool(args: string[], input = "") {
  const { status, stdout, stderr } = spawnSync(needProgram("promtool"), args, {
    ...{ cwd: FOLDER, encoding: "utf8", input },
  });
  return { status, said: `${stdout}${stderr}` };
}

const read = (name: string) => readFileSync(join(FOLDER, name), "utf8");
const found = (text: string, pattern: RegExp) => [
  ...new Set([...text.matchAll(pattern)].map(([, name = ""]) => name)),
];

describe("deploy/prometheus", () => {
  it.each([
    [["check", "rules", "rules.yml"]],
    [["check", "config", "prometheus.yml"]],
    [["test", "rules", "rules.test.yml"]],
  ])("promtool %j succeeds", (args) => {
    expect(promtool(args)).toMatchObject({ status: 0 });
  });

  it("every alert is fired by a test", () => {
    const alerts = found(read("rules.yml"), /- alert: (\w+)/g);
    const fired = found(read("rules.test.yml"), /labels: 'ALERTS\{alertname="(\w+)"/g);
    expect(alerts.length).toBeGreaterThan(10);
    expect(fired.toSorted()).toEqual(alerts.toSorted());
  });

  it("rules use only what is exposed", () => {
    const used = found(read("rules.yml"), /\b(fairlead_[a-z_]+)\b/g).map((name) =>
      name.replace(/_bucket$/, ""),
    );
    const names = EXPOSED.map(({ name }) => name);
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((name) => !names.includes(name))).toEqual([]);
  });

  it("the README has each metric, with its type, its label and the processes that tell it", () => {
    const rows = read("README.md")
      .split("\n")
      .filter((line) => line.startsWith("| `fairlead_"));
    const cells = rows.map((row) =>
      row
        .split("|")
        .slice(1, 5)
        .map((cell) => cell.trim()),
    );
    const wanted = EXPOSED.map(({ name, type, label, of }) => [
      ...[`\`${name}\``, type, label === undefined ? "" : `\`${label}\``],
      of.length === 4 ? "all" : of.join(", "),
    ]);
    expect(cells.toSorted()).toEqual(wanted.toSorted());
  });
});

it.each<ProcessKind>(["signaling", "media-node", "live", "autoscaler"])(
  "promtool finds nothing wrong with what %s tells",
  async (kind) => {
    const store = new MetricsStore();
    for (const name of Object.keys(COUNTERS) as (keyof typeof COUNTERS)[])
      store.count(name, COUNTERS[name].label && "cause");
    for (const name of Object.keys(DURATIONS) as (keyof typeof DURATIONS)[])
      store.observe(name, 10, DURATIONS[name].label && "cause");
    for (const name of Object.keys(GAUGES) as (keyof typeof GAUGES)[])
      store.gauge(name, () => (GAUGES[name].label ? new Map([["0", 1]]) : 1));
    const text = await (await exposeMetrics(store, kind)()).text();
    expect(promtool(["check", "metrics"], text)).toEqual({ status: 0, said: "" });
  },
);
