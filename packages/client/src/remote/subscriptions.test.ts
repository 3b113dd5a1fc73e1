import { EventEmitter } from "node:events";
import { type ConsumerInfo, type DataConsumerInfo, type ErrorCode, FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { SendCommand } from "../connection/session.ts";
import type { PeerTransports } from "../media/transports.ts";
import { TypedEmitter } from "../typed-emitter.ts";
import type { RemotePeers } from "./remote-peers.ts";
import { Subscriptions } from "./subscriptions.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("a consumer that is still being made when the session ends is bound to no track", async () => {
  const made = Promise.withResolvers<types.Consumer>();
  const bindConsumer = vi.fn();
  const subscriptions = new Subscriptions({
    transports: { consume: () => made.promise } as unknown as PeerTransports,
    command: vi.fn(),
    peers: { bindConsumer, subscriptionWish: () => undefined } as unknown as RemotePeers,
    emitter: new TypedEmitter(),
    confirms: true,
  });
  const adding = subscriptions.addConsumer({ consumerId: "c" } as ConsumerInfo);
  subscriptions.leave();
  const close = vi.fn();
  made.resolve({ close } as unknown as types.Consumer);
  await adding;
  expect(close).toHaveBeenCalledOnce();
  expect(bindConsumer).not.toHaveBeenCalled();
});

type Options = { confirms?: boolean; refusals?: ErrorCode[]; isClosed?: boolean };

/** Opens that many data consumers, the first at once and the others later. @returns What the node was told. */
async function open(count: number, options: Options = {}): Promise<string[][]> {
  const { confirms = true, refusals = [], isClosed = false } = options;
  const told: string[][] = [];
  const command = async (_: string, { dataConsumerIds }: { dataConsumerIds: string[] }) => {
    told.push(dataConsumerIds);
    const code = refusals[told.length - 1];
    if (code) throw new FairleadError(code);
  };
  const made: EventEmitter[] = [];
  const consumeData = async () => {
    const readyState = made.length === 0 ? "open" : "connecting";
    const consumer = Object.assign(new EventEmitter(), { readyState });
    made.push(consumer);
    return consumer;
  };
  const subscriptions = new Subscriptions({
    transports: { consumeData } as unknown as PeerTransports,
    command: command as unknown as SendCommand,
    peers: {} as RemotePeers,
    emitter: new TypedEmitter(),
    confirms,
  });
  for (let id = 0; id < count; id += 1)
    await subscriptions.addDataConsumer({ dataConsumerId: `c${id}` } as DataConsumerInfo);
  for (const consumer of made.slice(1)) consumer.emit("open");
  await vi.advanceTimersByTimeAsync(1_000);
  if (isClosed) subscriptions.close();
  await vi.advanceTimersByTimeAsync(8_000);
  return told;
}

it("the node is told which data consumers are open, many at once, in pieces of at most fifty", async () => {
  expect(await open(2)).toEqual([["c0", "c1"]]);
  expect((await open(120)).map(({ length }) => length)).toEqual([50, 50, 20]);
});

it("a node of an older build is told nothing", async () => {
  expect(await open(2, { confirms: false })).toEqual([]);
});

it("a node that does not hear of it for now is told again, as long as the session lasts", async () => {
  const refusals: ErrorCode[] = ["unknown_command", "command_window_exceeded", "node_timeout"];
  expect(await open(1, { refusals })).toEqual([["c0"], ["c0"], ["c0"], ["c0"]]);
  expect(await open(1, { refusals, isClosed: true })).toEqual([["c0"]]);
});
