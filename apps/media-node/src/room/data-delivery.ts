import { BATCH_LIMIT, type CommandReply, type CommandRequest } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { Turns } from "../lease/turns.ts";
import type { Peer } from "./peer.ts";
import type { Piped } from "./piped.ts";

/** An older client does not say that it hears a new data producer: it mostly does after this time. */
const ASSUMED_OPEN_MS = 1_000;
/** Below the time-out of any call. */
const LONGEST_WAIT_MS = 1_000;
const FIRST_LOOK_MS = 5;
const SLOWEST_LOOK_MS = 50;
/** On another core, a message that the origin has had comes to its consumers, or is lost there, a little later. */
const PIPE_MS = 20;

type Awaited = Omit<CommandRequest<"data_producer.await">, "dataProducerId"> & {
  /** The peers that the producer is for, as they are now. */
  others: () => Peer[];
};

/** How far a data producer's messages come: which peers hear it, and which of them may have missed something. */
export class DataDelivery {
  /** By peer that has a consumer: whether what the node passes on reaches its client. */
  readonly #ways = new Map<Peer, () => boolean>();
  /** Their clients have said that they hear it. */
  readonly #announced = new Set<Peer>();
  /** And their ways stand. */
  readonly #hearing = new Set<Peer>();
  readonly #missed = new Set<Peer>();
  /** On other cores. */
  readonly #piped = new Set<Peer>();
  /** One wait at a time, however many its peer asks for. */
  readonly #turns = new Turns(1);
  /** Messages that the producer is known to have had. */
  #messages = 0;

  /** The peer has its consumer, which a pipe feeds if the two sit on different cores. */
  handleConsumer(peer: Peer, consumer: types.DataConsumer, piped: Piped | null): void {
    const { receive } = peer.transports;
    this.#ways.set(peer, () => receive.sctpState === "connected" && (piped?.isConnected ?? true));
    if (piped) this.#piped.add(peer);
    // Its transport or the pipe takes no more for now, and the message is lost.
    const noteLoss = () => void this.#missed.add(peer);
    consumer.on("sctpsendbufferfull", noteLoss);
    piped?.onLoss(consumer, noteLoss);
    consumer.observer.once("close", () => {
      for (const peers of [this.#ways, this.#announced, this.#hearing, this.#missed, this.#piped])
        peers.delete(peer);
    });
    if (!peer.confirmsData) setTimeout(() => this.announce(peer), ASSUMED_OPEN_MS).unref();
  }

  /** The peer hears what comes from now on. */
  announce(peer: Peer): void {
    if (this.#ways.has(peer) && !this.#hearing.has(peer)) this.#announced.add(peer);
  }

  /** Waits for what is asked for, a second at most. What is told as missed is told once. */
  wait(producer: types.DataProducer, awaited: Awaited): Promise<CommandReply<"data_producer.await">> {
    return this.#turns.take(async () => {
      const startedMs = performance.now();
      const before = this.#messages;
      let pauseMs = FIRST_LOOK_MS;
      while (!(await this.#isDone(producer, awaited)) && performance.now() - startedMs < LONGEST_WAIT_MS) {
        await pause(pauseMs);
        pauseMs = Math.min(2 * pauseMs, SLOWEST_LOOK_MS);
      }
      if (this.#messages > before && this.#piped.size > 0) await pause(PIPE_MS);
      return this.#report(awaited);
    });
  }

  async #isDone(producer: types.DataProducer, awaited: Awaited): Promise<boolean> {
    if (producer.closed) return true;
    if (this.#messages < awaited.messages) {
      const [stat] = await producer.getStats().catch(() => []);
      this.#messages = stat?.messagesReceived ?? this.#messages;
    }
    return this.#messages >= awaited.messages && (!awaited.isHeld || this.#waiting(awaited).length === 0);
  }

  #report(awaited: Awaited): CommandReply<"data_producer.await"> {
    const waiting = this.#waiting(awaited);
    const missed = idsOf(this.#missed, awaited);
    for (const peer of this.#missed) if (missed.includes(peer.peerId)) this.#missed.delete(peer);
    return { messages: this.#messages, waiting, missed };
  }

  #waiting(awaited: Awaited): string[] {
    for (const peer of this.#announced) {
      if (!this.#ways.get(peer)?.()) continue;
      this.#announced.delete(peer);
      this.#hearing.add(peer);
      // Until now it may have missed something.
      this.#missed.add(peer);
    }
    const others = awaited.others().filter((peer) => !this.#hearing.has(peer));
    return idsOf(others, awaited);
  }
}

export function deliveryOf(producer: types.DataProducer): DataDelivery {
  return producer.appData.delivery as DataDelivery;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** As many as an answer holds. */
function idsOf(peers: Iterable<Peer>, { joinedBeforeMs }: Awaited): string[] {
  const known = [...peers].filter(({ info }) => info.joinedAtMs <= joinedBeforeMs);
  return known.slice(0, BATCH_LIMIT).map(({ peerId }) => peerId);
}
