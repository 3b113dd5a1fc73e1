import { FairleadError } from "@fairlead/protocol";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { Role } from "./role.ts";

function setUp() {
  const clocks = { ms: 0, wallMs: 1_000_000 };
  const held = { holder: "nobody", untilMs: 0, isAway: false };
  const registry = {
    holdRole: async (_role: string, holder: string, forMs: number) => {
      if (held.isAway) throw new FairleadError("registry_unreachable");
      if (held.holder === holder || held.untilMs <= clocks.wallMs)
        Object.assign(held, { holder, untilMs: clocks.wallMs + forMs });
      return { holder: held.holder, untilMs: held.untilMs };
    },
    releaseRole: async (_role: string, holder: string) => {
      if (held.holder === holder) held.untilMs = 0;
    },
  };
  const role = (holder: string) =>
    new Role({
      ...{ registry, holder, log: silentLogger },
      ...{ now: () => clocks.ms, wallNow: () => clocks.wallMs },
    });
  const pass = (ms: number) => {
    clocks.ms += ms;
    clocks.wallMs += ms;
  };
  return { clocks, held, role, pass };
}

it("one has the role; another one gets it once that one has not renewed it, or has given it back", async () => {
  const { role, pass } = setUp();
  const [first, second] = [role("one"), role("two")];
  await first.renew();
  await second.renew();
  expect([first.isHeld, second.isHeld, second.holder]).toEqual([true, false, "one"]);
  pass(15_000);
  await second.renew();
  expect([first.isHeld, second.isHeld]).toEqual([false, true]);
  await second.close();
  await first.renew();
  expect(first.isHeld).toBe(true);
});

it("one that stood still has lost it before it does anything, though nobody told it", async () => {
  const { clocks, role, pass } = setUp();
  const one = role("one");
  await one.renew();
  pass(14_000);
  expect(one.isHeld).toBe(false);
  await one.renew();
  // Its machine was suspended: the clock that nobody sets did not run.
  clocks.wallMs += 60_000;
  expect(one.isHeld).toBe(false);
});

it("while the registry is away it is held until its time is over", async () => {
  const { held, role, pass } = setUp();
  const one = role("one");
  await one.renew();
  held.isAway = true;
  pass(10_000);
  await one.renew();
  expect(one.isHeld).toBe(true);
  pass(4_000);
  expect(one.isHeld).toBe(false);
});
