import { EventEmitter } from "node:events";
import type { types } from "mediasoup";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DataDelivery } from "./data-delivery.ts";
import type { Peer } from "./peer.ts";
import type { Piped } from "./piped.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A producer that has had that many messages, and such peers, each with a consumer. */
function setUp(names: string[], options: { messages?: number; confirmsData?: boolean; piped?: Piped } = {}) {
  const delivery = new DataDelivery();
  const state = { messages: options.messages ?? 0 };
  const getStats = vi.fn(async () => [{ messagesReceived: state.messages }]);
  const producer = { closed: false, getStats } as unknown as types.DataProducer;
  const peers = names.map((peerId, index) => {
    const receive = { sctpState: "connected" };
    const info = { joinedAtMs: index + 1 };
    const { confirmsData = true } = options;
    return { peerId, info, isClosed: false, confirmsData, transports: { receive } } as unknown as Peer;
  });
  const consumers = peers.map((peer) => {
    const consumer = Object.assign(new EventEmitter(), { observer: new EventEmitter() });
    delivery.handleConsumer(peer, consumer as unknown as types.DataConsumer, options.piped ?? null);
    return consumer;
  });
  const wait = (asked: { messages?: number; isHeld?: boolean; joinedBeforeMs?: number } = {}) =>
    delivery.wait(producer, {
      messages: 0,
      isHeld: false,
      joinedBeforeMs: 100,
      ...asked,
      others: () => peers,
    });
  return { delivery, peers, consumers, state, getStats, wait };
}

it("a peer hears a data producer once it has said so and its association stands", async () => {
  const { delivery, peers, wait } = setUp(["ann", "bob"]);
  const [ann, bob] = peers as [Peer, Peer];
  Object.assign(bob.transports.receive, { sctpState: "connecting" });
  for (const peer of peers) delivery.announce(peer);
  expect(await wait()).toEqual({ messages: 0, waiting: ["bob"], missed: ["ann"] });
  Object.assign(bob.transports.receive, { sctpState: "connected" });
  expect(await wait({ isHeld: true })).toEqual({ messages: 0, waiting: [], missed: ["bob"] });
  delivery.announce(ann);
  expect(await wait()).toEqual({ messages: 0, waiting: [], missed: [] });
});

it("an answer comes when the last one hears, or the last message has come", async () => {
  const { delivery, peers, state, wait } = setUp(["ann"]);
  const answers: unknown[] = [];
  const look = () => vi.advanceTimersByTimeAsync(100);
  void wait({ isHeld: true }).then(({ waiting }) => answers.push(waiting));
  await look();
  expect(answers).toEqual([]);
  delivery.announce(peers[0] as Peer);
  await look();
  expect(answers).toEqual([[]]);
  void wait({ messages: 3 }).then(({ messages }) => answers.push(messages));
  await look();
  state.messages = 3;
  await look();
  expect(answers).toEqual([[], 3]);
});

it("an answer comes after a second, whatever is still missing", async () => {
  const { wait } = setUp(["ann"]);
  const answer = wait({ messages: 3, isHeld: true });
  await vi.advanceTimersByTimeAsync(1_050);
  expect(await answer).toEqual({ messages: 0, waiting: ["ann"], missed: [] });
});

it("peers that came later than those that are asked about do not matter", async () => {
  const { wait } = setUp(["ann", "bob"]);
  expect((await wait({ joinedBeforeMs: 1 })).waiting).toEqual(["ann"]);
  expect(await wait({ isHeld: true, joinedBeforeMs: 0 })).toMatchObject({ waiting: [] });
});

it("a peer whose transport took too much is told of once, and one whose consumer closed hears no more", async () => {
  const { delivery, peers, consumers, wait } = setUp(["ann"]);
  delivery.announce(peers[0] as Peer);
  await wait();
  consumers[0]?.emit("sctpsendbufferfull");
  expect((await wait()).missed).toEqual(["ann"]);
  expect((await wait()).missed).toEqual([]);
  consumers[0]?.observer.emit("close");
  expect(await wait()).toMatchObject({ waiting: ["ann"], missed: [] });
});

it("a peer on another core hears once the pipe stands too, and is missed where the pipe takes no more", async () => {
  const state = { isConnected: false, lose: () => {} };
  const onLoss = (_: unknown, act: () => void) => {
    state.lose = act;
  };
  const piped = Object.assign(state, { onLoss }) as unknown as Piped;
  const { delivery, peers, wait } = setUp(["ann"], { piped });
  delivery.announce(peers[0] as Peer);
  expect((await wait()).waiting).toEqual(["ann"]);
  state.isConnected = true;
  expect(await wait()).toMatchObject({ waiting: [], missed: ["ann"] });
  state.lose();
  expect((await wait()).missed).toEqual(["ann"]);
});

it("a loss on another core, where messages come a little later, is told in the answer about them", async () => {
  const piped = { isConnected: true, onLoss: () => {} } as unknown as Piped;
  const { delivery, peers, consumers, state, wait } = setUp(["ann"], { piped });
  delivery.announce(peers[0] as Peer);
  await wait();
  state.messages = 1;
  const answer = wait({ messages: 1 });
  await vi.advanceTimersByTimeAsync(5);
  consumers[0]?.emit("sctpsendbufferfull");
  await vi.advanceTimersByTimeAsync(100);
  expect(await answer).toEqual({ messages: 1, waiting: [], missed: ["ann"] });
});

it("a peer of an older build, which says nothing, is taken to hear after a second", async () => {
  const { wait } = setUp(["ann"], { confirmsData: false });
  expect((await wait()).waiting).toEqual(["ann"]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await wait()).waiting).toEqual([]);
});

it("many questions at once cost one look at a time", async () => {
  const { getStats, wait } = setUp([], { messages: 1 });
  const answers = Array.from({ length: 20 }, () => wait({ messages: 1 }));
  expect(await Promise.all(answers)).toHaveLength(20);
  expect(getStats).toHaveBeenCalledTimes(1);
});

it("an answer names at most fifty", async () => {
  const { wait } = setUp(Array.from({ length: 60 }, (_, index) => `p${index}`));
  expect((await wait()).waiting).toHaveLength(50);
});
