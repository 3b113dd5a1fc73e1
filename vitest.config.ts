import { defineConfig } from "vitest/config";

/** What needs a real worker, browser or process gets the time these need; unit tests keep the default. */
const real = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            ...["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "deploy/*/src/**/*.test.ts"],
            ...["tests/simulation/**/*.test.ts", "tests/bench/**/*.test.ts"],
          ],
          testTimeout: 30_000,
        },
      },
      { test: { name: "contracts", include: ["tests/contracts/**/*.test.ts"] } },
      { test: { name: "architecture", include: ["tests/architecture/**/*.test.ts"] } },
      {
        test: {
          name: "integration",
          include: ["tests/integration/**/*.test.ts", "tests/packages/**/*.test.ts"],
          ...real,
        },
      },
      // Whole clusters in processes, which tests kill and stall: one file at a time.
      {
        test: {
          name: "chaos",
          include: ["tests/chaos/**/*.test.ts"],
          ...{ testTimeout: 180_000, hookTimeout: 180_000, fileParallelism: false },
        },
      },
      // Whole backends, each with instances of one runtime: one file at a time.
      {
        test: { name: "runtimes", include: ["tests/runtimes/**/*.test.ts"], ...real, fileParallelism: false },
      },
      // One process with all that it fuzzes, and a machine's whole core.
      { test: { name: "fuzz", include: ["tests/fuzz/**/*.test.ts"], ...real, fileParallelism: false } },
      // Browsers fill a machine: one file at a time, which vitest also keeps apart from the other projects.
      { test: { name: "e2e", include: ["tests/e2e/**/*.test.ts"], ...real, fileParallelism: false } },
    ],
  },
});
