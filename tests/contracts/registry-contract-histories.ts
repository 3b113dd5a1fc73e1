import { FairleadError } from "@fairlead/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CreateRegistryAdapter, RegistryAdapter } from "./registry-adapter.ts";
import { faultOf, hasCapacity, RegistryModel, type Step, step } from "./registry-history.ts";

export function describeRandomHistories(createAdapter: CreateRegistryAdapter): void {
  describe("over random histories", () => {
    it("no core is chosen that may not be, a lease stays while its node lives, and debits equal live reservations", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
          const adapter = await createAdapter();
          const model = new RegistryModel();
          for (const each of steps) {
            await take(each, adapter, model);
            await expectSameDebits(adapter, model);
          }
          await adapter.close();
        }),
        { numRuns: 200 },
      );
    });
  });
}

async function take(step: Step, adapter: RegistryAdapter, model: RegistryModel): Promise<void> {
  if (step.do === "wait") return adapter.advance(step.ms);
  if (step.do === "place") return place(step, adapter, model);
  if (step.do === "release") {
    const room = model.rooms.get(step.roomId);
    if (room) await adapter.registry.release(room.lease);
    model.rooms.delete(step.roomId);
    return;
  }
  const beat = model.beatFor(step);
  await adapter.registry.heartbeat(beat);
  model.beaten(beat, adapter.now());
}

async function place(
  step: Extract<Step, { do: "place" }>,
  adapter: RegistryAdapter,
  model: RegistryModel,
): Promise<void> {
  const { roomId, withPeer } = step;
  const exclude = [{ nodeId: step.excludes, incarnation: `${step.excludes}-run-1`, core: step.excludedCore }];
  const peer = withPeer ? { identity: "ada", ticketId: "ticket-of-ada" } : undefined;
  const held = model.rooms.get(roomId)?.lease;
  const isHeld = held !== undefined && model.isAlive(held.nodeId, adapter.now());
  const placement = await adapter.registry.place({ roomId, peer, exclude }).catch(asRefusal);
  if (placement instanceof FairleadError) {
    const mayPlace = isHeld || hasCapacity(model, exclude, adapter.now());
    expect([placement.code, mayPlace]).toEqual(["no_capacity", false]);
    return;
  }
  expect(placement.isNew).toBe(!isHeld);
  if (isHeld) expect(placement.lease).toEqual(held);
  else {
    expect(placement.lease.epoch).toBeGreaterThan(held?.epoch ?? 0);
    expect(faultOf(model, placement.lease, exclude, adapter.now())).toBeNull();
  }
  model.placed(placement, withPeer);
}

function asRefusal(error: unknown): FairleadError {
  if (error instanceof FairleadError) return error;
  throw error;
}

async function expectSameDebits({ registry }: RegistryAdapter, model: RegistryModel): Promise<void> {
  for (const { nodeId, cores } of await registry.listNodes())
    for (const { core, debit } of cores) expect(debit).toBeCloseTo(model.debitOf(nodeId, core), 6);
}
