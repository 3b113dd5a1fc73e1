import { expect, it } from "vitest";
import { DEFAULT_BUDGETS, PeerBudgets } from "./peer-budgets.ts";
import { SpentBudgets } from "./spent-budgets.ts";

function setUp() {
  const clock = { ms: 0 };
  const spent = new SpentBudgets(DEFAULT_BUDGETS, () => clock.ms);
  const join = (identity = "ann", room = "room") => spent.of(room, identity, "joins").take(1);
  const joinTenTimes = () => {
    for (let joins = 0; joins < 10; joins += 1) join();
  };
  const session = () =>
    new PeerBudgets(
      (name) => spent.of("room", "ann", name),
      () => 0,
    );
  return { spent, clock, join, joinTenTimes, session };
}
const LIMITED = expect.objectContaining({ code: "rate_limited", retryAfterMs: 3_000 });

it("an identity joins a room ten times at once, then once in three seconds, and others are not held up", () => {
  const { clock, join, joinTenTimes } = setUp();
  joinTenTimes();
  expect(() => join()).toThrow(LIMITED);
  join("bob");
  join("ann", "another room");
  clock.ms += 3_000;
  join();
  expect(() => join()).toThrow(LIMITED);
});

it("a new session of an identity has what its earlier ones have left, and a move of the room gives all of it back", () => {
  const { spent, join, joinTenTimes, session } = setUp();
  const { burst } = DEFAULT_BUDGETS.producers;
  session().charge({ producers: burst - 1, keyFrames: 1 });
  expect(session().left("producers")).toBe(1);
  session().charge({ producers: 1 });
  expect(() => session().charge({ producers: 1 })).toThrow(expect.objectContaining({ code: "rate_limited" }));
  joinTenTimes();
  spent.forget("room");
  session().charge({ producers: burst });
  join();
});

it("what has come back is forgotten, and what has not is kept, of a peer that is idle meanwhile too", () => {
  const { spent, clock, join, session } = setUp();
  const peer = session();
  join("bob", "another room");
  peer.charge({ producers: 15 });
  clock.ms += 10_000;
  spent.prune();
  expect([spent.size, peer.left("producers")]).toEqual([1, 10]);
  clock.ms += 20_000;
  spent.prune();
  expect(spent.size).toBe(0);
  peer.charge({ producers: 20 });
  expect(session().left("producers")).toBe(0);
});
