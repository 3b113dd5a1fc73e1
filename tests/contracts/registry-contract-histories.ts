import { isDeepStrictEqual } from "node:util";
import type { RoomRecord } from "@fairlead/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClusterModel, NODE_NAMES } from "./cluster-model.ts";
import {
  nodesOf,
  type OpenRegistryAdapter,
  openDebit,
  type RegistryAdapter,
  roomOptions,
} from "./registry-adapter.ts";
import { livesThrough, simpleStep } from "./registry-history.ts";
import { holdToRules } from "./registry-rules.ts";
import { type Step, steps } from "./registry-steps.ts";
import { lookAt, takeStep } from "./take-step.ts";

/** For many histories on a busy machine. */
const TIMEOUT_MS = 120_000;

export function describeRandomHistories(openAdapter: OpenRegistryAdapter, numRuns: number): void {
  describe("over random histories", () => {
    it("debits are the sum of what peers on their way and young rooms reserve, and a room lands wherever one may", {
      timeout: TIMEOUT_MS,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(simpleStep, { minLength: 10, maxLength: 40 }), async (history) => {
          const adapter = await openAdapter();
          await livesThrough(adapter, history).finally(() => adapter.close());
        }),
        { numRuns },
      );
    });

    it("no forbidden core is chosen and epochs rise; when all is quiet each room has one owner, and nothing is left of what ended", {
      timeout: TIMEOUT_MS,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (history) => {
          const adapter = holdToRules(await openAdapter());
          await live(adapter, history).finally(() => adapter.close());
        }),
        { numRuns },
      );
    });
  });
}

async function live(adapter: RegistryAdapter, history: Step[]): Promise<void> {
  const model = new ClusterModel();
  for (const step of history) {
    await takeStep(step, adapter, model);
    for (const { cores } of await nodesOf(adapter.registry))
      for (const { debit } of cores) expect(debit).toBeGreaterThanOrEqual(0);
  }
  await expectOneOwnerEach(adapter, model);
  const spokenOf = new Set(
    history.flatMap((step) => (step.do === "update" || step.do === "broadcast" ? [step.roomId] : [])),
  );
  await expectNothingLeft(adapter, model, spokenOf);
}

/** All nodes are well and beat for a while, name all that they serve when they are asked to, and place what they inherit. */
async function settleDown(adapter: RegistryAdapter, model: ClusterModel): Promise<void> {
  for (const node of model.nodes.values()) Object.assign(node, { state: "ready", busConnected: true });
  for (let beats = 0; beats < 14; beats += 1) {
    await takeStep({ do: "pass", beats: 1, everyMs: 500, nodes: [...NODE_NAMES] }, adapter, model);
    while ([...model.nodes.values()].some(({ orphans }) => orphans.length > 0))
      await takeStep({ do: "inherit", node: "a", suspects: false }, adapter, model);
  }
}

/** All is named once: with epochs alike by the clock's grain, digests can agree on different rooms after several faults. */
async function expectOneOwnerEach(adapter: RegistryAdapter, model: ClusterModel): Promise<void> {
  await settleDown(adapter, model);
  for (const node of model.nodes.values()) node.owed = { of: 1, buckets: [0] };
  await settleDown(adapter, model);
  const { rooms } = await lookAt(adapter);
  const served = [...model.nodes.values()].flatMap(({ incarnation, served: rooms }) =>
    [...rooms.values()].map(({ roomId, core, epoch }) => ({ roomId, incarnation, core, epoch })),
  );
  expect(new Set(served.map(({ roomId }) => roomId)).size).toBe(served.length);
  for (const { roomId, ...owner } of served)
    expect(rooms.find((room) => room.roomId === roomId)?.lease).toMatchObject(owner);
  for (const { differs } of model.nodes.values()) expect(differs).toBe(false);
}

/** The nodes close all rooms without a word, and say so by complete lists; then time passes. */
async function expectNothingLeft(
  adapter: RegistryAdapter,
  model: ClusterModel,
  spokenOf: ReadonlySet<string>,
): Promise<void> {
  const { rooms } = await lookAt(adapter);
  for (const { lease } of rooms) if (lease) await adapter.registry.release(lease);
  for (const node of model.nodes.values())
    Object.assign(node, { served: new Map(), owed: { of: 1, buckets: [0] } });
  await adapter.advance(30_001);
  await settleDown(adapter, model);
  expect(await openDebit(adapter.registry)).toBe(0);
  const left = (await lookAt(adapter)).rooms;
  for (const { lease } of left) expect(lease).toBeNull();
  const isKept = ({ roomId, options }: RoomRecord) =>
    spokenOf.has(roomId) || !isDeepStrictEqual(options, roomOptions());
  expect(left.filter((room) => !isKept(room))).toEqual([]);
  for (const { differs } of model.nodes.values()) expect(differs).toBe(false);
}
