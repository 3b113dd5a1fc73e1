import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "./circuit-breaker.ts";

const FAULT = new Error("away");
const ANSWER = new Error("no");

function setUp() {
  const clock = { nowMs: 5_000 };
  const breaker = new CircuitBreaker({ failureLimit: 3, openMs: 1_000, now: () => clock.nowMs });
  let tried = 0;
  const run = async (outcome: "works" | Error) => {
    const call = async () => {
      tried += 1;
      if (outcome !== "works") throw outcome;
      return "worked";
    };
    const before = tried;
    await breaker
      .run(
        call,
        (error) => error === FAULT,
        () => new Error("not tried"),
      )
      .catch(() => {});
    return tried > before ? "tried" : "not tried";
  };
  return { clock, run, breaker };
}

describe("a circuit breaker", () => {
  it("lets nobody through after three failures in a row, then one each second until one works", async () => {
    const { clock, run } = setUp();
    for (let n = 0; n < 3; n += 1) expect(await run(FAULT)).toBe("tried");
    expect(await run("works")).toBe("not tried");
    clock.nowMs += 1_000;
    expect(await run(FAULT)).toBe("tried");
    expect(await run("works")).toBe("not tried");
    clock.nowMs += 1_000;
    expect(await run("works")).toBe("tried");
    expect(await run("works")).toBe("tried");
  });

  it("lets one through at a time while it finds out", async () => {
    const { clock, run, breaker } = setUp();
    for (let n = 0; n < 3; n += 1) await run(FAULT);
    clock.nowMs += 1_000;
    const probe = Promise.withResolvers<string>();
    const probing = breaker.run(
      () => probe.promise,
      () => true,
      () => FAULT,
    );
    expect(await run("works")).toBe("not tried");
    probe.resolve("back");
    expect(await probing).toBe("back");
    expect(await run("works")).toBe("tried");
  });

  it("counts no refusal as a failure, and no failures that an answer interrupts", async () => {
    const { run } = setUp();
    for (const outcome of [FAULT, FAULT, ANSWER, FAULT, FAULT, "works" as const, FAULT, FAULT])
      expect(await run(outcome)).toBe("tried");
    expect(await run("works")).toBe("tried");
  });
});
