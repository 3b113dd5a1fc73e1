import { type Bus, serveSubject } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { subjects } from "@fairlead/protocol";
import { expect, it } from "vitest";
import { AnsweringNodes } from "./answering-nodes.ts";

/** Two nodes, and how often they were asked, both together. */
function setUp() {
  const bus: Bus = createMemoryBus();
  const clock = { nowMs: 5_000 };
  const counted = { asked: 0 };
  for (const nodeId of ["a", "b"]) {
    const describe = async () => {
      counted.asked += 1;
      return {
        nodeId,
        incarnation: `${nodeId}-run`,
        state: "ready" as const,
        region: "",
        labels: [],
        load: 0,
      };
    };
    serveSubject(
      bus,
      subjects.nodes,
      { "node.describe": describe },
      {
        onBug: (error) => expect.fail(String(error)),
      },
    );
  }
  const nodes = new AnsweringNodes(bus, () => clock.nowMs);
  const names = async () => (await nodes.all().answers).map(({ nodeId }) => nodeId).sort();
  return { bus, clock, counted, nodes, names };
}

it("however many joins ask at once, each node is asked once", async () => {
  const { counted, names } = setUp();
  const answers = await Promise.all(Array.from({ length: 50 }, names));
  expect(new Set(answers.map(String))).toEqual(new Set(["a,b"]));
  expect(counted.asked).toBe(2);
});

it("the answers serve for a second, also if the clock is set back; then the nodes are asked anew", async () => {
  const { clock, counted, names } = setUp();
  await names();
  clock.nowMs += 999;
  await names();
  expect(counted.asked).toBe(2);
  clock.nowMs += 1;
  await names();
  expect(counted.asked).toBe(4);
  clock.nowMs -= 60_000;
  await names();
  expect(counted.asked).toBe(6);
});

it("answers that were of no use, and a failure, are not remembered", async () => {
  const { bus, counted, nodes, names } = setUp();
  const [first, second] = [nodes.all(), nodes.all()];
  expect([first.isRemembered, second.isRemembered]).toEqual([false, true]);
  await names();
  // Both found them useless, and the nodes are asked anew once.
  nodes.forget(first);
  const fresh = nodes.all();
  nodes.forget(second);
  await names();
  expect([fresh.isRemembered, counted.asked]).toEqual([false, 4]);
  nodes.forget(fresh);
  await bus.close();
  const failure = () =>
    nodes.all().answers.then(
      () => null,
      ({ code }) => code,
    );
  expect([await failure(), await failure()]).toEqual(["bus_disconnected", "bus_disconnected"]);
});
