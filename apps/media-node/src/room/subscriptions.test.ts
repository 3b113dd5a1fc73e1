import { type RoomEvent, RoomOptions } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { expect, it, onTestFinished, vi } from "vitest";
import { Turns } from "../lease/turns.ts";
import { PacedQueue } from "./paced-queue.ts";
import type { Peer } from "./peer.ts";
import { DEFAULT_BUDGETS, PeerBudgets } from "./peer-budgets.ts";
import type { Room } from "./room.ts";
import { SpentBudgets } from "./spent-budgets.ts";
import { offer, subscribe, unsubscribe } from "./subscriptions.ts";

type FakeProducer = types.Producer & { closed: boolean };

/** A room of one publisher and one listener, whose queue is busy until `release` is called. */
function setUp() {
  const asked: string[] = [];
  const told: RoomEvent[] = [];
  const spent = new SpentBudgets(DEFAULT_BUDGETS, () => 0);
  const receive = {
    consume: async ({ producerId, appData }: { producerId: string; appData: object }) => {
      asked.push(producerId);
      return {
        ...{ id: `c-${producerId}`, appData, closed: false, on: () => {} },
        close() {
          this.closed = true;
        },
      };
    },
  };
  const listener = {
    isAutoSubscribed: true,
    grants: { subscribe: true },
    producers: new Map(),
    consumersByProducer: new Map(),
    session: { send: (event: RoomEvent) => told.push(event) },
    budgets: new PeerBudgets(
      (name) => spent.of("r", "listener", name),
      () => 1,
    ),
    turns: new Turns(1),
    transports: { receive },
  } as unknown as Peer;
  const queue = new PacedQueue((error) => {
    throw error;
  });
  const { promise, resolve: release } = Promise.withResolvers<void>();
  void queue.push(() => promise);
  const span = { canConsume: () => true, bring: async ({ id }: { id: string }) => ({ id, piped: null }) };
  const room = {
    queue,
    span,
    options: RoomOptions.parse({}),
    lingering: new Map(),
    othersThan: () => [listener],
  } as unknown as Room;
  const publish = (id: string): FakeProducer => {
    const producer = makeProducer(id);
    offer({ room, peer: {} as Peer }, producer);
    return producer;
  };
  const idle = async () => {
    release();
    await queue.push(async () => {});
  };
  return { room, listener, publish, idle, asked, told };
}

function makeProducer(id: string): FakeProducer {
  return { id, closed: false, paused: false, appData: {} } as unknown as FakeProducer;
}

it("what others get of a producer is dropped if it closes before its turn in the room's queue", async () => {
  const { listener, publish, idle, asked } = setUp();
  publish("closed").closed = true;
  publish("open");
  await idle();
  expect(asked).toEqual(["open"]);
  expect([...listener.consumersByProducer.keys()]).toEqual(["open"]);
});

it("what waits in the room's queue is made at once for a command that asks for it, and once", async () => {
  const { room, listener, publish, idle, asked } = setUp();
  const producer = publish("wanted");
  await subscribe({ room, peer: listener }, [producer]);
  expect(asked).toEqual(["wanted"]);
  await idle();
  expect(asked).toEqual(["wanted"]);
});

it("a command that has made consumers for a second leaves the rest out, says when to ask again, and charges nothing for it", async () => {
  const { room, listener, asked } = setUp();
  let nowMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  onTestFinished(() => void vi.restoreAllMocks());
  const producers = Array.from({ length: 30 }, (_, index) => makeProducer(`p-${index}`));
  vi.spyOn(listener.session, "send").mockImplementation(() => {
    nowMs += 600;
  });
  const refused = await subscribe({ room, peer: listener }, producers);
  expect(asked).toHaveLength(20);
  const late = { code: "rate_limited", retryAfterMs: 1_000 };
  expect(refused).toEqual(producers.slice(20).map(({ id: producerId }) => ({ producerId, ...late })));
  expect(listener.consumersByProducer.size).toBe(20);
  const { burst } = DEFAULT_BUDGETS.consumers;
  expect(listener.budgets.left("consumers")).toBe(burst + 16 - 20);
});

it("a peer is told what holds when it is told: a pause while the other consumers of a batch were made", async () => {
  const { room, listener, told } = setUp();
  const [first, second] = [makeProducer("first"), makeProducer("second")];
  const { receive } = listener.transports;
  const { consume } = receive;
  vi.spyOn(receive, "consume").mockImplementation(async (options) => {
    if (options.producerId === "second") {
      await new Promise((resolve) => setImmediate(resolve));
      Object.assign(first, { paused: true });
    }
    return consume(options);
  });
  await subscribe({ room, peer: listener }, [first, second]);
  expect(told).toMatchObject([
    {
      data: {
        consumers: [
          { producerId: "first", producerPaused: true },
          { producerId: "second", producerPaused: false },
        ],
      },
    },
  ]);
});

it("a peer that unsubscribes while its consumer waits in the room's queue gets none", async () => {
  const { listener, publish, idle, asked, told } = setUp();
  publish("unwanted");
  unsubscribe(listener, "unwanted");
  await idle();
  expect([asked, told]).toEqual([[], []]);
});

it("of what a peer sends from the seat that it leaves only the consumers that a listener has count for nothing", async () => {
  const { room, listener, publish, idle, told } = setUp();
  room.options.maxConsumersPerPeer = 1;
  const former = makeProducer("heard before");
  const lingering = [former, makeProducer("never heard")].map((producer) => [producer.id, producer] as const);
  await subscribe({ room, peer: listener }, [former]);
  room.lingering.set({ producers: new Map(lingering) } as unknown as Peer, () => {});
  for (const id of ["first", "second"]) publish(id);
  await idle();
  expect([...listener.consumersByProducer.keys()]).toEqual(["heard before", "first"]);
  const refused = { producers: [{ producerId: "second", code: "consumer_limit" }] };
  expect(told).toContainEqual({ name: "consumers.refused", data: refused });
});
