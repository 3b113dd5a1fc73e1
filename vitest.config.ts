import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { COMPILE_CACHE } from "./tests/setup/compile-cache.ts";

// Processes of tests inherit it.
process.env.NODE_COMPILE_CACHE ??= COMPILE_CACHE;

/** Tests with a real worker, browser or process get the time these need, and so does each fact that a test waits for. */
const expect = { poll: { timeout: 15_000 } };
const real = { testTimeout: 60_000, hookTimeout: 120_000, expect };

/**
 * Groups run one after the other, the files of a group beside each other. Tests mostly wait, so three files at a time suit
 * two cores, where vitest by itself would run one. A worker loads modules once for all its files (`isolate: false`): they share no state.
 */
const inGroup = (groupOrder: number, maxWorkers: number) => ({ maxWorkers, sequence: { groupOrder } });
const MANY = Math.max(3, availableParallelism() - 1);
const quick = inGroup(1, MANY);

/** These take every CPU core for themselves, by intention. */
const SATURATING = ["tests/chaos/zero-failovers.test.ts", "tests/chaos/lease-race/**/*.test.ts"];
/**
 * What a room on one core does with media, and so must do on two. Only the first is run on one core too: with two peers all media passes
 * through pipes there, and rooms of three have both ways.
 */
const ON_TWO_CORES = [
  "media",
  "subscriptions",
  "moderation",
  "grants",
  "races",
  "ledger",
  "missed-events",
  "hostile-peers",
].map((name) => `tests/integration/${name}.test.ts`);
const isLong = process.env.FAIRLEAD_TEST_LONG !== undefined;
const chaos = { testTimeout: 180_000, hookTimeout: 180_000, expect };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            ...["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "deploy/*/src/**/*.test.ts"],
            ...["tests/simulation/**/*.test.ts", "tests/bench/**/*.test.ts", "tests/deploy/**/*.test.ts"],
          ],
          testTimeout: 30_000,
          isolate: false,
          ...quick,
        },
      },
      {
        test: {
          name: "contracts",
          include: ["tests/contracts/**/*.test.ts"],
          testTimeout: 30_000,
          isolate: false,
          ...quick,
        },
      },
      { test: { name: "architecture", include: ["tests/architecture/**/*.test.ts"], ...quick } },
      {
        test: {
          name: "integration",
          include: ["tests/integration/**/*.test.ts"],
          exclude: isLong ? [] : ON_TWO_CORES.slice(1),
          isolate: false,
          ...real,
          ...quick,
        },
      },
      // The same with the peers of a room on two cores.
      {
        test: {
          name: "seats",
          include: isLong ? ["tests/integration/**/*.test.ts"] : ON_TWO_CORES,
          env: { FAIRLEAD_TEST_SEATS: "alternating" },
          isolate: false,
          ...real,
          ...quick,
        },
      },
      {
        test: {
          name: "packages",
          include: ["tests/packages/**/*.test.ts"],
          globalSetup: "tests/packages/pack-all.ts",
          ...real,
          ...quick,
        },
      },
      // All that it fuzzes lives in its own process, which fills one CPU core.
      { test: { name: "fuzz", include: ["tests/fuzz/**/*.test.ts"], ...real, ...quick } },
      // Whole clusters in processes, which tests kill and stall.
      {
        test: {
          name: "chaos",
          include: ["tests/chaos/**/*.test.ts"],
          exclude: SATURATING,
          isolate: false,
          ...chaos,
          ...inGroup(2, 2),
        },
      },
      { test: { name: "chaos-alone", include: SATURATING, ...chaos, ...inGroup(3, 1) } },
      // Instances of signaling on every runtime, over real servers.
      {
        test: {
          name: "runtimes",
          include: ["tests/runtimes/**/*.test.ts"],
          globalSetup: "tests/runtimes/lambda/build-bundle.ts",
          isolate: false,
          ...real,
          ...inGroup(4, MANY),
        },
      },
      // Browsers, with small cameras: two of their files keep two cores busy.
      {
        test: { name: "e2e", include: ["tests/e2e/**/*.test.ts"], isolate: false, ...real, ...inGroup(5, 2) },
      },
      // Other people's clients of WHIP and WHEP.
      {
        test: {
          name: "interop",
          include: ["tests/interop/**/*.test.ts"],
          exclude: isLong ? [] : ["tests/interop/obs.test.ts"],
          ...real,
          ...inGroup(5, 2),
        },
      },
    ],
  },
});
