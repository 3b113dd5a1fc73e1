import { EventEmitter } from "node:events";
import type { types } from "mediasoup";
import { expect, it } from "vitest";
import type { RunningWorker } from "../worker/start-worker.ts";
import { type Level, Seat } from "./seat.ts";

type FakeObserver = EventEmitter & { id: string; heardOf: string[] };

/** A seat whose worker makes observers that a test lets speak. */
async function setUp() {
  const made: FakeObserver[] = [];
  const observer = new EventEmitter();
  const create = async () => {
    const fake: FakeObserver = Object.assign(new EventEmitter(), { id: `o-${made.length}`, heardOf: [] });
    Object.assign(fake, {
      addProducer: async ({ producerId }: { producerId: string }) => fake.heardOf.push(producerId),
    });
    made.push(fake);
    observer.emit("newrtpobserver", fake);
    return fake;
  };
  const router = { id: "r", observer, createAudioLevelObserver: create, createActiveSpeakerObserver: create };
  const running = { worker: { createRouter: async () => router } } as unknown as RunningWorker;
  const seat = await Seat.open(running, [], { core: 0, roomId: "room" });
  return { seat, made };
}

const producer = (id: string) => ({ id }) as types.Producer;

it("observers are made for the first microphone, once, and tell the listener of all of them", async () => {
  const { seat, made } = await setUp();
  const heard: unknown[] = [];
  seat.listen({
    onLevels: (levels: readonly Level[]) => heard.push(levels),
    onDominantSpeaker: ({ id }) => heard.push(id),
  });
  expect([made.length, seat.has("o-0")]).toEqual([0, false]);
  await Promise.all([seat.observe(producer("ann")), seat.observe(producer("bob"))]);
  expect(made.map(({ heardOf }) => heardOf)).toEqual([
    ["ann", "bob"],
    ["ann", "bob"],
  ]);
  expect(["r", "o-0", "o-1", "o-2"].map((id) => seat.has(id))).toEqual([true, true, true, false]);
  const [levels, speaker] = made;
  levels?.emit("volumes", [{ producer: producer("ann"), volume: -20 }]);
  levels?.emit("silence");
  speaker?.emit("dominantspeaker", { producer: producer("bob") });
  expect(heard).toEqual([[{ producer: { id: "ann" }, volumeDbov: -20 }], [], "bob"]);
});
