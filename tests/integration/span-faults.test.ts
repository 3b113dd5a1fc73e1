import { callNode, decodeText } from "@fairlead/bus";
import { FairleadError, parseJson, RoomControl, subjects } from "@fairlead/protocol";
import { expect, it, onTestFinished, vi } from "vitest";
import { createRandom, type Random, randomIndex } from "../simulation/seeded-random.ts";
import {
  alternateSeats,
  type MemoryCluster,
  startMemoryCluster,
} from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { expectAgreement } from "./expect-agreement.ts";
import { publish } from "./publish.ts";

const ROOM = "one";
const NAMES = ["ann", "bob", "cleo", "dee"];
const CORES = 3;
const SEED = Number(process.env.FAIRLEAD_SEED ?? 1);
const ROUNDS = process.env.FAIRLEAD_TEST_LONG ? 100 : 6;
const ROUND_MS = 10_000;
/** Peers come back here more often than any do. */
const MUCH = { burst: 1e9, perSecond: 1e9 };
const BUDGETS = { joins: MUCH, producers: MUCH, dataProducers: MUCH, consumers: MUCH };
/** The longest time between two of a round's acts. */
const APART_MS = 60;

/** A peer, and the core that it sits on. */
type Guest = { client: ProtocolClient; core: number };
type Meeting = {
  cluster: MemoryCluster;
  random: Random;
  guests: Guest[];
  /** They come and go within a round. */
  newcomers: ProtocolClient[];
  /** The core that the last one to come sits on. */
  lastCore: () => number;
};

/** Four peers in a room, who sit wherever chance has it, each with a microphone and a camera. */
async function meet(random: Random): Promise<Meeting> {
  let chosen = -1;
  const chooseCore = (_home: number, usable: readonly number[]) => {
    chosen = usable[randomIndex(random, usable.length)] ?? expect.fail("no core is usable");
    return chosen;
  };
  const cluster = await startMemoryCluster({ cores: CORES, seats: { chooseCore }, budgets: BUDGETS });
  onTestFinished(async () => {
    expect(cluster.bugs).toEqual([]);
    await cluster.close();
  });
  const guests: Guest[] = [];
  for (const name of NAMES) {
    const client = await cluster.join(ROOM, name);
    guests.push({ client, core: chosen });
    await publishBoth(client);
  }
  return { cluster, random, guests, newcomers: [], lastCore: () => chosen };
}

async function publishBoth(client: ProtocolClient): Promise<void> {
  await publish(client, "microphone", rtpParameters("opus"));
  await publish(client, "camera", rtpParameters("vp8", { rids: ["a", "b", "c"] }));
}

/** It was told that its session is over. */
function isOut({ frames }: ProtocolClient): boolean {
  const joinedAt = frames.findLastIndex(({ type }) => type === "joined");
  return frames.slice(joinedAt).some(({ type }) => type === "error" || type === "moved");
}

/** Until a worker runs the node has no place for anybody, and a socket that has not joined is closed. */
async function comeBack({ client }: Guest): Promise<void> {
  await client.until(() => isOut(client), "the end of the session");
  const join = async () => {
    if (!client.isConnected) await client.connect();
    await client.rejoin();
  };
  await vi.waitFor(join, { timeout: 20_000, interval: 100 });
}

/** Something goes on: it is refused to a peer whose core dies, and not answered where its room has moved. */
async function disturb({ cluster, random, guests, newcomers }: Meeting): Promise<void> {
  const guest = guests[randomIndex(random, guests.length)] ?? expect.fail("nobody is there");
  const kind = randomIndex(random, 3);
  const name = `newcomer-${random()}`;
  const client = kind === 0 ? await cluster.join(ROOM, name) : guest.client;
  if (kind === 0) newcomers.push(client);
  if (isOut(client)) return;
  const act = [publishBoth, shareScreen, sendData][kind] ?? publishBoth;
  const isOver = client.until(() => isOut(client), "the end of the session").catch(() => {});
  await Promise.race([act(client), isOver]);
}

async function shareScreen(client: ProtocolClient): Promise<void> {
  const producerId = await publish(client, "screen", rtpParameters("vp8"));
  await client.command("producer.close", { producerId });
}

async function sendData(client: ProtocolClient): Promise<void> {
  const sctpStreamParameters = { streamId: client.events.length };
  await client.command("data_producer.create", { label: "chat", sctpStreamParameters });
}

/** One or two cores die, and then the room is closed at times, all at whatever moment. */
async function strike(meeting: Meeting): Promise<{ killed: Set<number>; isClosed: boolean }> {
  const { cluster, random } = meeting;
  const pause = () => new Promise((resolve) => setTimeout(resolve, randomIndex(random, APART_MS)));
  const acts: Promise<void>[] = [];
  const begin = () => {
    const refused = (error: unknown) => expect(error).toBeInstanceOf(FairleadError);
    if (random() < 0.6) acts.push(disturb(meeting).catch(refused));
  };
  const killed = new Set<number>();
  for (let deaths = 1 + randomIndex(random, 2); deaths > 0; deaths -= 1) {
    begin();
    await pause();
    const core = randomIndex(random, CORES);
    killed.add(core);
    const pid = cluster.node.workerPids()[core];
    // Its last worker's successor may not run yet.
    if (pid) process.kill(pid, "SIGKILL");
    begin();
  }
  const isClosed = random() < 0.25;
  if (isClosed) {
    await pause();
    await cluster.api("DELETE", `/v1/rooms/${ROOM}`);
  }
  await Promise.all(acts);
  return { killed, isClosed };
}

async function seeOff({ cluster, newcomers, guests }: Meeting): Promise<void> {
  for (const newcomer of newcomers.splice(0)) {
    await cluster.api("DELETE", `/v1/rooms/${ROOM}/peers/${newcomer.peerId}`);
    if (newcomer.isConnected) await newcomer.close();
  }
  for (const { client } of guests)
    for (const { producerId, peerId, source } of [...client.view.producers.values()])
      if (peerId === client.peerId && source === "screen")
        await client.command("producer.close", { producerId });
}

/** What each client has heard so far, to tell what it hears from then on. */
function markAll({ guests }: Meeting) {
  const ids = guests.map(({ client }) => client.peerId);
  return new Map(
    guests.map(({ client }) => {
      const [frames, events] = [client.frames.length, client.events.length];
      const expectUndisturbed = () => {
        const types = client.frames.slice(frames).map(({ type }) => type);
        for (const type of ["joined", "error", "moved"]) expect(types).not.toContain(type);
        const isLeave = ({ event }: ProtocolClient["events"][number]) =>
          event.name === "peer.left" && ids.includes(event.data.peerId);
        expect(client.events.slice(events).filter(isLeave)).toEqual([]);
      };
      return [client, expectUndisturbed];
    }),
  );
}

function countMoves({ bus }: MemoryCluster): { count: number } {
  const moves = { count: 0 };
  const control = bus.subscribe(subjects.roomControl(ROOM), ({ data }) => {
    const { type } = parseJson(RoomControl, decodeText(data), "internal");
    if (type === "moved") moves.count += 1;
  });
  onTestFinished(() => control.unsubscribe());
  return moves;
}

/** Each has the other three's microphones and cameras, and nothing is left of anything else. */
async function expectWhole({ cluster, guests }: Meeting): Promise<void> {
  for (const { client } of guests) {
    const { consumers, producers } = client.view;
    await client.until(() => consumers.size === 6 && producers.size === 8, "all of the others");
  }
  const counts = { peers: 4, producers: 8, consumers: 24 };
  await expect.poll(() => cluster.room(ROOM)).toMatchObject(counts);
  await expectAgreement(cluster);
  const { surplus } = await callNode(cluster.bus, cluster.node.incarnation, "node.surplus", {});
  expect(surplus).toEqual([]);
}

it("a peer whose core died comes back, however often it has joined", async () => {
  const rarely = { burst: 1, perSecond: 1 / 3_600 };
  const budgets = { joins: rarely, producers: { ...rarely, burst: 2 } };
  const cluster = await startMemoryCluster({ cores: 2, seats: { chooseCore: alternateSeats() }, budgets });
  onTestFinished(cluster.close);
  const clients = [await cluster.join(ROOM, "ann"), await cluster.join(ROOM, "bob")];
  for (const client of clients) await publishBoth(client);
  const { core } = (await cluster.room(ROOM)).placement ?? expect.fail("the room has no place");
  process.kill(cluster.node.workerPids()[1 - core] ?? expect.fail("no worker"), "SIGKILL");
  await expect.poll(() => clients.filter(isOut).length).toBe(1);
  for (const client of clients.filter(isOut)) {
    await client.rejoin();
    await publishBoth(client);
  }
});

it("a spanning room goes on while cores die and it is closed, at whatever moment: peers elsewhere notice nothing, and nothing is left behind", {
  timeout: ROUNDS * ROUND_MS,
}, async () => {
  const meeting = await meet(createRandom(SEED));
  const moves = countMoves(meeting.cluster);
  for (let round = 0; round < ROUNDS; round += 1) {
    await expectWhole(meeting);
    const marks = markAll(meeting);
    moves.count = 0;
    const { killed, isClosed } = await strike(meeting);
    const untouched = isClosed ? [] : meeting.guests.filter(({ core }) => !killed.has(core));
    for (const guest of meeting.guests.filter((guest) => !untouched.includes(guest))) {
      await comeBack(guest);
      guest.core = meeting.lastCore();
      await publishBoth(guest.client);
    }
    await seeOff(meeting);
    await expectWhole(meeting);
    for (const { client } of untouched) marks.get(client)?.();
    if (untouched.length > 0) expect(moves.count).toBe(0);
  }
});
