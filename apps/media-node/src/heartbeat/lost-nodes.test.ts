import type { Lease, NodeStatus } from "@fairlead/protocol";
import { type LogFields, noMetrics, silentLogger } from "@fairlead/telemetry";
import { describe, expect, it } from "vitest";
import { LostNodes, type LostNodesOptions } from "./lost-nodes.ts";

type Late = ReturnType<LostNodesOptions["lateNodes"]["lastHeardOf"]>;

const orphan = (roomId: string): Lease => ({
  roomId,
  nodeId: "media-1",
  incarnation: "run-1",
  core: 0,
  epoch: 5,
});

type Seen = { late?: Late; isListed?: boolean };

const late = (more: Partial<NonNullable<Late>>): Seen => ({
  late: { silentMs: 1_300, isUnreachable: false, hasAnswered: false, ...more },
});

function setUp({ late, isListed = false }: Seen) {
  const lines: LogFields[] = [];
  const items = isListed ? [{ incarnation: "run-1" } as NodeStatus] : [];
  const lost = new LostNodes({
    lateNodes: { lastHeardOf: () => late },
    registry: { listNodes: async () => ({ items }) },
    metrics: noMetrics,
    log: { ...silentLogger, warn: (_, fields = {}) => void lines.push(fields) },
  });
  return { lost, lines };
}

async function linesOf(seen: Seen, times = 1) {
  const { lost, lines } = setUp(seen);
  for (let time = 0; time < times; time++) lost.note([orphan("a"), orphan("b")]);
  await new Promise((resolve) => setImmediate(resolve));
  return lines;
}

describe("a node whose rooms are handed out", () => {
  it.each<[string, Seen, string]>([
    ["was not there on the bus either", late({ isUnreachable: true }), "process_gone"],
    ["did not answer and was silent", late({ silentMs: 2_900 }), "silent"],
    ["beats on without the bus", { isListed: true }, "bus_lost"],
    ["said goodbye", {}, "left"],
  ])("that %s is told with its cause", async (_, seen, cause) => {
    const [line, ...others] = await linesOf(seen);
    expect(line).toMatchObject({ nodeId: "media-1", lost: "run-1", cause, rooms: 2 });
    expect(others).toEqual([]);
  });

  it("is logged once, in however many answers its rooms come", async () => {
    expect(await linesOf({}, 5)).toHaveLength(1);
  });

  it.each<[string, Seen, boolean]>([
    ["beats on without the bus", { isListed: true }, true],
    ["answers on the bus without the registry", late({ hasAnswered: true }), true],
    ["was not there on the bus either", late({ isUnreachable: true }), false],
    ["did not answer", late({}), false],
    ["said goodbye", {}, false],
  ])("and that %s, goes on with their media: %s", async (_, seen, livesOn) => {
    const { lost } = setUp(seen);
    lost.note([orphan("a")]);
    expect([await lost.livesOn("run-1"), await lost.livesOn("another")]).toEqual([
      livesOn,
      seen.late?.hasAnswered === true,
    ]);
  });
});
