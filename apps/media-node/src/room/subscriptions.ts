import {
  CONSUMERS_PER_EVENT,
  DEFAULT_MAX_CONSUMERS_PER_PEER,
  inBatches,
  type RefusedProducer,
} from "@fairlead/protocol";
import type { types } from "mediasoup";
import { pauseAsLongAs } from "./paced-queue.ts";
import { type Peer, Wish } from "./peer.ts";
import type { PeerInRoom, SenderInRoom } from "./room.ts";
import { consumerInfo, consumersCreated } from "./room-events.ts";

/** The longest that one command makes consumers, ms. */
const COMMAND_MS = 1_000;

type Wanted = { producer: types.Producer; wish: Wish };

/** Subscribes a peer that just came to every track of the others: paced, and not charged. */
export function subscribeToAll({ room, peer }: PeerInRoom): void {
  const others = room.senders().filter((other) => other !== peer);
  const producers = others.flatMap((other) => [...other.producers.values()]);
  const { taken, refused } = take({ room, peer }, missing(peer, producers), new Wish(true));
  for (const some of inBatches(taken, CONSUMERS_PER_EVENT))
    void room.queue.push(() => make({ room, peer }, some));
  tellRefused(peer, refused);
}

/** The peers that get a consumer of whatever `peer` publishes. */
export function audienceOf({ room, peer }: SenderInRoom): Peer[] {
  return room.othersThan(peer).filter((other) => other.isAutoSubscribed && other.grants.subscribe);
}

/** Gives the others their consumers of a producer, paced; none once it has closed. */
export function offer({ room, peer }: SenderInRoom, producer: types.Producer): void {
  const ready = audienceOf({ room, peer }).flatMap((other) => {
    const { taken, refused } = take({ room, peer: other }, missing(other, [producer]), new Wish(true));
    tellRefused(other, refused);
    return taken.length > 0 ? [() => make({ room, peer: other }, taken)] : [];
  });
  for (const some of inBatches(ready, CONSUMERS_PER_EVENT))
    void room.queue.push(() => Promise.all(some.map((act) => act())));
}

/**
 * Makes the consumers that a peer asks for, as far as its budget and the room's options go, and tells it of them.
 * @returns Resolves when they are made, with the producers that are left out.
 * @throws {FairleadError} `rate_limited`: nothing is left of its budget.
 */
export async function subscribe(
  { room, peer }: PeerInRoom,
  producers: readonly types.Producer[],
): Promise<RefusedProducer[]> {
  const wanted = missing(peer, producers);
  const within = spend(peer, wanted);
  const { taken, refused } = take({ room, peer }, wanted.slice(0, within), new Wish(false));
  // Not for what it can't decode or may not have.
  peer.budgets.giveBack("consumers", within - taken.length);
  const late = await peer.turns.take(() => makeInTime({ room, peer }, taken));
  return [...refused, ...limited(peer, [...wanted.slice(within), ...late])];
}

/** @returns How many of them its budget allows. @throws {FairleadError} `rate_limited`. */
function spend({ budgets }: Peer, wanted: readonly types.Producer[]): number {
  if (wanted.length === 0) return 0;
  const units = Math.min(wanted.length, budgets.left("consumers"));
  budgets.charge({ consumers: units === 0 ? wanted.length : units });
  return units;
}

/** A second request in the meantime doesn't make them again; one that waits in the room's queue is made now. */
function missing(peer: Peer, producers: readonly types.Producer[]): types.Producer[] {
  if (!peer.grants.subscribe) return [];
  return producers.filter((producer) => {
    const slot = peer.consumersByProducer.get(producer.id);
    const isMissing = !slot || (slot instanceof Wish && slot.isQueued);
    return isMissing && !producer.closed && !peer.producers.has(producer.id);
  });
}

/** Takes the places of the consumers to be made. Passes over what the peer can't decode. */
function take(
  { room, peer }: PeerInRoom,
  producers: readonly types.Producer[],
  wish: Wish,
): { taken: Wanted[]; refused: RefusedProducer[] } {
  const bound =
    (room.options.maxConsumersPerPeer ?? DEFAULT_MAX_CONSUMERS_PER_PEER) + countLingering({ room, peer });
  const taken: Wanted[] = [];
  const refused: RefusedProducer[] = [];
  for (const producer of producers) {
    if (!room.span.canConsume(producer, peer.rtpCapabilities)) continue;
    const isPlaced = peer.consumersByProducer.has(producer.id);
    if (!isPlaced && peer.consumersByProducer.size >= bound)
      refused.push({ producerId: producer.id, code: "consumer_limit" });
    else {
      peer.consumersByProducer.set(producer.id, wish);
      taken.push({ producer, wish });
    }
  }
  return { taken, refused };
}

/** Of a peer that changes its seat there are two of each producer, for a while: the others' consumers of the earlier ones do not count. */
function countLingering({ room, peer }: PeerInRoom): number {
  const producers = [...room.lingering.keys()].flatMap((one) => [...one.producers.keys()]);
  return producers.filter((id) => peer.consumersByProducer.has(id)).length;
}

/** @returns Producers that are left out, as it took too long. */
async function makeInTime({ room, peer }: PeerInRoom, wanted: readonly Wanted[]): Promise<types.Producer[]> {
  const deadlineMs = performance.now() + COMMAND_MS;
  const groups = inBatches(wanted, CONSUMERS_PER_EVENT);
  for (let group = groups.shift(); group; group = groups.shift()) {
    const startedMs = performance.now();
    await make({ room, peer }, group);
    if (groups.length > 0) await pauseAsLongAs(startedMs);
    if (performance.now() > deadlineMs) break;
  }
  const late = groups.flat().filter((one) => isWished(peer, one));
  for (const { producer } of late) peer.consumersByProducer.delete(producer.id);
  peer.budgets.giveBack("consumers", late.length);
  return late.map(({ producer }) => producer);
}

function limited({ budgets }: Peer, producers: readonly types.Producer[]): RefusedProducer[] {
  const retryAfterMs = Math.max(COMMAND_MS, budgets.waitMs("consumers", producers.length));
  return producers.map(({ id: producerId }) => ({ producerId, code: "rate_limited", retryAfterMs }));
}

function tellRefused(peer: Peer, refused: readonly RefusedProducer[]): void {
  for (const producers of inBatches(refused))
    peer.session.send({ name: "consumers.refused", data: { producers } });
}

/** Makes paused consumers, and tells the peer. Those that nobody wants any more are passed over. */
async function make(at: PeerInRoom, wanted: readonly Wanted[]): Promise<void> {
  const { peer } = at;
  const made = await Promise.all(wanted.map((one) => consume(at, one)));
  // A producer may have closed, or paused, while the others' consumers were made.
  const open = made.filter((consumer) => consumer !== null).filter(({ closed }) => !closed);
  for (const event of consumersCreated(open.map(consumerInfo))) peer.session.send(event);
}

async function consume({ room, peer }: PeerInRoom, wanted: Wanted): Promise<types.Consumer | null> {
  const { producer } = wanted;
  const { peerId, source } = producer.appData;
  if (!isWished(peer, wanted)) {
    release(peer, wanted);
    return null;
  }
  try {
    const supply = await room.span.bring(producer, peer.seat);
    const consumer = await peer.transports.receive.consume({
      producerId: supply.id,
      rtpCapabilities: peer.rtpCapabilities,
      paused: true,
      appData: { owner: peer.owner, peerId, source, producer },
    });
    supply.piped?.serve(consumer);
    return keep(peer, wanted, consumer);
  } catch (error) {
    release(peer, wanted);
    // The producer or the peer went away meanwhile, which is nobody's fault.
    if (!producer.closed && !peer.isClosed) peer.log.warn("consumer.failed", { peerId: peer.peerId, error });
    return null;
  }
}

/** Nobody unsubscribed, asked for it otherwise, or left since its place was taken. */
function isWished(peer: Peer, { producer, wish }: Wanted): boolean {
  return peer.consumersByProducer.get(producer.id) === wish && !peer.isClosed && !producer.closed;
}

function release(peer: Peer, { producer, wish }: Wanted): void {
  if (peer.consumersByProducer.get(producer.id) === wish) peer.consumersByProducer.delete(producer.id);
}

/** @returns null when it was unsubscribed from, or its producer or its peer went away, while it was being made. */
function keep(peer: Peer, wanted: Wanted, consumer: types.Consumer): types.Consumer | null {
  if (!isWished(peer, wanted) || consumer.closed) {
    consumer.close();
    release(peer, wanted);
    return null;
  }
  const { id: producerId } = wanted.producer;
  peer.consumersByProducer.set(producerId, consumer);
  consumer.on("producerclose", () => forget(peer, producerId, consumer));
  return consumer;
}

export function unsubscribe(peer: Peer, producerId: string): void {
  const slot = peer.consumersByProducer.get(producerId);
  if (!slot) return;
  if (slot instanceof Wish) {
    peer.consumersByProducer.delete(producerId);
    return;
  }
  slot.close();
  forget(peer, producerId, slot);
}

function forget(peer: Peer, producerId: string, consumer: types.Consumer): void {
  if (peer.consumersByProducer.get(producerId) !== consumer) return;
  peer.consumersByProducer.delete(producerId);
  peer.session.send({ name: "consumer.closed", data: { consumerId: consumer.id } });
}
