import { describe, expect, it } from "vitest";
import { EventLoop, LOOP_TICK_MS } from "./event-loop.ts";

/** A loop whose every turn takes as long as the test says. */
function setUp() {
  let nowMs = 0;
  const loop = new EventLoop(() => nowMs);
  nowMs = 30_000;
  loop.tick();
  const turn = (ms: number, times = 1) => {
    for (let index = 0; index < times; index++) {
      nowMs += Math.max(ms, LOOP_TICK_MS);
      loop.tick();
    }
  };
  return { loop, turn };
}

describe("the event loop", () => {
  it("is not late while it turns on time, and not because its process took long to start", () => {
    const { loop, turn } = setUp();
    expect(loop.isLate).toBe(false);
    turn(0, 20);
    turn(350, 20);
    expect(loop.isLate).toBe(false);
  });

  it("is late while its turns take half a second, and two seconds later no more", () => {
    const { loop, turn } = setUp();
    turn(0, 10);
    turn(500, 4);
    expect(loop.isLate).toBe(true);
    turn(0, 10);
    expect(loop.isLate).toBe(false);
  });

  it("is late where short turns come between long ones", () => {
    const { loop, turn } = setUp();
    for (let time = 0; time < 3; time++) {
      turn(800);
      turn(0);
    }
    turn(800);
    expect(loop.isLate).toBe(true);
  });

  it("is not late because of one standstill, however long, be it just after its start or later", () => {
    const { loop, turn } = setUp();
    turn(60_000);
    expect(loop.isLate).toBe(false);
    turn(0, 10);
    turn(1_900);
    expect(loop.isLate).toBe(false);
  });

  it("counts how long it was awake: a standstill is no more than one turn", () => {
    const { loop, turn } = setUp();
    turn(0, 5);
    turn(60_000);
    turn(1_000, 4);
    expect(loop.awakeMs).toBe(10 * LOOP_TICK_MS);
  });
});
