import { describe, expect, it } from "vitest";
import { createRandom } from "../seeded-random.ts";
import { runAutoscaler, SimulatedRole } from "./run-autoscaler.ts";
import { SimulatedGroup, type SimulatedGroupOptions } from "./simulated-group.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LOOK_MS = 5_000;

function setUp(options: Partial<SimulatedGroupOptions> & Pick<SimulatedGroupOptions, "demandAt">) {
  const given = { nodes: 10, coresPerNode: 16, random: createRandom(1), ...options };
  const group = new SimulatedGroup(given);
  const role = new SimulatedRole(() => group.nowMs);
  const autoscaler = runAutoscaler(group, role, "one");
  /** Time goes on. @param each Called after each look. */
  const pass = async (ms: number, { lookMs = LOOK_MS, look = autoscaler.look, each = () => {} } = {}) => {
    for (const endMs = group.nowMs + ms; group.nowMs < endMs; ) {
      group.tick(lookMs);
      await look();
      each();
    }
  };
  return { group, role, autoscaler, pass };
}

/** In cores: few at night, most in the afternoon, and by half as many again for ten minutes, thrice. */
function dayOf(peakCores: number) {
  const bursts = [8 * HOUR_MS, 11.5 * HOUR_MS, 19 * HOUR_MS];
  return (ms: number) => {
    const base = peakCores * (0.55 - 0.4 * Math.cos((2 * Math.PI * ms) / (24 * HOUR_MS)));
    const isBurst = bursts.some((fromMs) => ms >= fromMs && ms < fromMs + 10 * MINUTE_MS);
    return isBurst ? base * 1.1 : base;
  };
}

describe("an autoscaler over a day", () => {
  it("has a thousand nodes at the peak and lets them go after it: nobody is refused, no room ends, no node goes back and forth", async () => {
    const { group, pass } = setUp({
      ...{ nodes: 200, demandAt: dayOf(9_600), failShare: 0.1 },
    });
    let most = 0;
    await pass(24 * HOUR_MS, {
      lookMs: MINUTE_MS,
      each: () => {
        most = Math.max(most, group.ready);
      },
    });
    const { outcome } = group;
    expect(outcome).toMatchObject({ refusedRooms: 0, roomsEnded: 0, flips: 0, mostDraining: 1 });
    expect(most).toBeGreaterThan(900);
    expect(outcome.largestStep).toBeLessThanOrEqual(0.25);
    expect(outcome.gaveUp).toBeGreaterThan(0);
    expect(outcome.nodeMs / outcome.idealNodeMs).toBeLessThan(1.4);
    // Half a million looks at nodes take some seconds of a core, which other tests want too.
  }, 120_000);
});

describe("an autoscaler", () => {
  it("changes nothing while the signal is lost, and goes on after it", async () => {
    const { group, pass } = setUp({ demandAt: (ms) => (ms < 10 * MINUTE_MS ? 90 : 130) });
    await pass(9 * MINUTE_MS);
    const before = { ...group.outcome };
    group.isAway = true;
    await pass(10 * MINUTE_MS);
    const { started, removed } = group.outcome;
    expect([started, removed]).toEqual([before.started, before.removed]);
    group.isAway = false;
    await pass(5 * MINUTE_MS);
    expect(group.outcome.started).toBeGreaterThan(started);
  });

  it("is not held up by a node that dies while it is drained", async () => {
    const { group, pass } = setUp({ demandAt: () => 40 });
    while (group.draining.length === 0) await pass(LOOK_MS);
    const [dying = expect.fail()] = group.draining;
    group.kill(dying);
    await pass(2 * HOUR_MS);
    expect(group.outcome).toMatchObject({ refusedRooms: 0, roomsEnded: 0, flips: 0 });
    expect(group.outcome.removed).toBeGreaterThan(2);
    expect(group.draining).toEqual([]);
  });

  it("takes over from one that stands still, finishes what it began, and is alone when that one goes on", async () => {
    const { group, role, autoscaler, pass } = setUp({ demandAt: () => 40 });
    const second = runAutoscaler(group, role, "two");
    while (group.draining.length === 0) await pass(LOOK_MS);
    const [left = expect.fail()] = group.draining;
    await pass(10 * MINUTE_MS, { look: second.look });
    expect([group.ids.includes(left), second.isScaling()]).toEqual([false, true]);
    const { removed, started } = group.outcome;
    await autoscaler.goOn();
    expect(group.outcome).toMatchObject({ removed, started });
    expect(autoscaler.isScaling()).toBe(false);
    await pass(HOUR_MS, {
      look: async () => {
        await Promise.all([autoscaler.look(), second.look()]);
      },
    });
    expect(group.outcome).toMatchObject({ refusedRooms: 0, roomsEnded: 0, mostDraining: 1, flips: 0 });
  });

  it("leaves a node to the operator who drains it, and starts another where that one is missed", async () => {
    const { group, pass } = setUp({ nodes: 10, demandAt: () => 90 });
    const [mine = expect.fail()] = group.ids;
    await group.api.drain(mine);
    await pass(HOUR_MS);
    expect(group.draining).toEqual([mine]);
    expect(group.outcome).toMatchObject({ roomsEnded: 0, refusedRooms: 0 });
  });
});
