import { expect, it } from "vitest";
import { InstanceWatch } from "./instance-watch.ts";

function setUp() {
  const clocks = { ms: 0, wallMs: 1_000_000 };
  const born: number[] = [];
  const watch = new InstanceWatch({
    now: () => clocks.ms,
    wallNow: () => clocks.wallMs,
    onBorn: (afterMs) => born.push(afterMs),
  });
  const instance = (id: string, askedAtMs = clocks.wallMs) => ({ id, nodeId: id, askedAtMs });
  const pass = (ms: number) => {
    clocks.ms += ms;
    clocks.wallMs += ms;
  };
  return { clocks, watch, born, instance, pass };
}

const NOBODY = new Set<string>();

it("an instance's age is what the driver says, and after that what passes, whoever sets the clock", () => {
  const { clocks, watch, instance, pass } = setUp();
  const one = instance("a", clocks.wallMs - 30_000);
  expect(watch.look([one], NOBODY)).toMatchObject([{ ageMs: 30_000, silentMs: 0, hasBeaten: false }]);
  pass(5_000);
  clocks.wallMs += 3_600_000;
  expect(watch.look([one], NOBODY)).toMatchObject([{ ageMs: 35_000, silentMs: 5_000 }]);
  clocks.wallMs -= 7_200_000;
  expect(watch.look([one], new Set(["a"]))).toMatchObject([{ ageMs: 35_000, hasBeaten: true, silentMs: 0 }]);
  pass(1_000);
  expect(watch.look([one], NOBODY)).toMatchObject([{ hasBeaten: true, silentMs: 1_000 }]);
});

it("what was asked for counts until the driver lists it, or its time is over", () => {
  const { watch, instance, pass } = setUp();
  watch.look([instance("a")], NOBODY);
  watch.expect(2, 10_000);
  expect(watch.unlisted).toBe(2);
  watch.look([instance("a"), instance("b")], NOBODY);
  expect(watch.unlisted).toBe(1);
  pass(10_000);
  expect(watch.unlisted).toBe(0);
});

it("a driver that names an instance twice has one", () => {
  const { watch, instance } = setUp();
  expect(watch.look([instance("a"), instance("a")], NOBODY)).toHaveLength(1);
});

it("tells how long a node took that was asked for, once", () => {
  const { watch, born, instance, pass } = setUp();
  const [old, fresh] = [instance("old"), instance("fresh")];
  watch.look([old], NOBODY);
  watch.expect(1, 60_000);
  watch.look([old, fresh], NOBODY);
  pass(8_000);
  for (let look = 0; look < 2; look += 1) watch.look([old, fresh], new Set(["old", "fresh"]));
  expect(born).toEqual([8_000]);
});

it("those that are known stay so while nobody can say what beats: none of them is one that was asked for since", () => {
  const { watch, born, instance, pass } = setUp();
  const olds = [instance("a"), instance("b")];
  watch.look(olds, new Set(["a"]));
  watch.expect(2, 60_000);
  pass(1_000);
  watch.pause();
  expect(watch.look(olds, NOBODY)).toMatchObject([{ ageMs: 1_000, hasBeaten: true, silentMs: 0 }, {}]);
  watch.look(olds, new Set(["a", "b"]));
  expect([watch.unlisted, born]).toEqual([2, []]);
  watch.look([...olds, instance("c")], NOBODY);
  expect(watch.unlisted).toBe(1);
});

it("time in which nobody could say what beats counts against nobody", () => {
  const { watch, instance, pass } = setUp();
  const one = instance("a", 0);
  watch.look([one], NOBODY);
  pass(600_000);
  watch.pause();
  expect(watch.look([one], NOBODY)).toMatchObject([{ silentMs: 0 }]);
});
