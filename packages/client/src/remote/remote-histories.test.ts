import type { PeerInfo, ProducerInfo, RoomEvent, Source } from "@fairlead/protocol";
import fc from "fast-check";
import type { types } from "mediasoup-client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { RoomEvents } from "../api/events.ts";
import { RoomModel } from "../model/room-model.ts";
import type { RoomChange } from "../model/room-state.ts";
import { makeTrackContext } from "../testing/track-context.ts";
import { TypedEmitter } from "../typed-emitter.ts";
import { PEER_PATIENCE_MS, RemotePeers, TRACK_PATIENCE_MS } from "./remote-peers.ts";

const RUNS = 300;
const NAMES = ["ann", "bob", "cleo"] as const;
const SOURCES: readonly Source[] = ["camera", "microphone"];

/** `awayMs`: since the last move. */
type Person = {
  awayMs: number;
  isHere: boolean;
  peerId: string;
  sources: Set<Source>;
  published: Map<Source, string>;
};

/** A room of three others, whose place may change; and one SDK that is told of it as a node does. */
class History {
  readonly #model = new RoomModel();
  readonly #remote: RemotePeers;
  readonly #people = new Map<string, Person>();
  /** Per peer object and thing: how often it began and ended. */
  readonly #balance = new Map<string, number>();
  readonly #keepsIds: boolean;
  #serial = 0;
  /** People who left, or came back too late: an app has heard of an end. */
  readonly #left = new Set<string>();
  readonly #heardOf = new Map<string, number>();

  constructor(keepsIds: boolean) {
    this.#keepsIds = keepsIds;
    const emitter = new TypedEmitter<RoomEvents>();
    this.#remote = new RemotePeers({
      emitter,
      trackContext: makeTrackContext(),
    });
    emitter.on("peer.joined", ({ peer }) => this.#count(peer.identity, "here", 1));
    emitter.on("peer.left", ({ peer }) => this.#count(peer.identity, "here", -1));
    const each = (name: keyof RoomEvents & `track.${string}`, thing: string, step: number) =>
      emitter.on(name, (event) => {
        const { peer } = event as RoomEvents["track.subscribed"];
        const { source } =
          "track" in event ? event.track : (event as RoomEvents["track.published"]).publication;
        this.#count(peer.identity, `${thing} ${source}`, step);
      });
    each("track.published", "offer", 1);
    each("track.unpublished", "offer", -1);
    each("track.subscribed", "track", 1);
    each("track.unsubscribed", "track", -1);
    for (const name of NAMES) this.#people.set(name, newPerson());
    this.#tell(...SNAPSHOT_STARTED, SNAPSHOT_ENDED);
  }

  take([step, name, source]: Step): void {
    const person = this.#person(name);
    if (step === "comes") this.#come(name, person);
    else if (step === "goes" && person.isHere) this.#go(name, person);
    else if (step === "publishes" && person.isHere) this.#publish(name, person, source);
    else if (step === "unpublishes" && person.isHere) this.#unpublish(name, person, source);
    else if (step === "moves") this.#move(name);
    else if (step === "time") this.#wait(TRACK_PATIENCE_MS / 2);
  }

  /** Everybody who did not leave comes back and publishes; then all patience ends. */
  settle(): void {
    for (const [name, person] of this.#people) {
      if (!person.isHere && person.peerId) this.#come(name, person);
      if (person.isHere) for (const source of person.sources) this.#publish(name, person, source);
    }
    vi.advanceTimersByTime(PEER_PATIENCE_MS + TRACK_PATIENCE_MS);
  }

  check(): void {
    const here = [...this.#people].filter(([, { isHere }]) => isHere);
    expect([...this.#remote.peers.keys()].sort()).toEqual(here.map(([, { peerId }]) => peerId).sort());
    for (const [name, { peerId, published }] of here) {
      const peer = this.#remote.peers.get(peerId);
      const offered = [...(peer?.publications.values() ?? [])].map(({ producerId }) => producerId);
      expect(offered.sort()).toEqual([...published.values()].sort());
      expect([...(peer?.tracks.values() ?? [])].map(({ producerId }) => producerId).sort()).toEqual(offered);
      if (!this.#left.has(name)) expect(this.#heardOf.get(name)).toBe(1);
    }
    this.#remote.close();
  }

  #count(name: string, thing: string, step: number): void {
    const key = `${name} ${thing}`;
    const balance = (this.#balance.get(key) ?? 0) + step;
    expect([0, 1], `${key} begins once and ends once`).toContain(balance);
    this.#balance.set(key, balance);
    if (thing === "here") this.#heardOf.set(name, (this.#heardOf.get(name) ?? 0) + 1);
  }

  #come(name: string, person: Person): void {
    if (person.isHere) return;
    person.isHere = true;
    if (!person.peerId || !this.#keepsIds) person.peerId = `${name}-${++this.#serial}`;
    this.#tell({ name: "peers.joined", data: { peers: [infoOf(name, person.peerId)] } });
  }

  #go(name: string, person: Person): void {
    for (const source of person.sources) this.#unpublish(name, person, source);
    const { peerId } = person;
    this.#people.set(name, newPerson());
    this.#left.add(name);
    this.#tell({ name: "peer.left", data: { peerId, reason: "left" } });
  }

  #publish(name: string, person: Person, source: Source): void {
    person.sources.add(source);
    if (person.published.has(source)) return;
    const producerId = `${name}-${source}-${++this.#serial}`;
    person.published.set(source, producerId);
    this.#tell({
      name: "producers.created",
      data: { producers: [producerOf(person.peerId, source, producerId)] },
    });
  }

  #unpublish(_name: string, person: Person, source: Source): void {
    person.sources.delete(source);
    const producerId = person.published.get(source);
    person.published.delete(source);
    if (producerId) this.#tell({ name: "producer.closed", data: { producerId } });
  }

  /** To a new place, where nobody is yet but this SDK, and perhaps one other. */
  #move(first: string): void {
    for (const person of this.#people.values()) {
      person.isHere = false;
      person.awayMs = 0;
      person.published.clear();
    }
    this.#model.startSession();
    this.#remote.beginMove(0);
    this.#tell(...SNAPSHOT_STARTED);
    const person = this.#person(first);
    if (person.peerId) this.#come(first, person);
    this.#tell(SNAPSHOT_ENDED);
  }

  #wait(ms: number): void {
    vi.advanceTimersByTime(ms);
    for (const [name, person] of this.#people) {
      person.awayMs += ms;
      if (!person.isHere && person.peerId && person.awayMs >= PEER_PATIENCE_MS) this.#left.add(name);
    }
  }

  #person(name: string): Person {
    return this.#people.get(name) ?? expect.fail("nobody");
  }

  #tell(...events: RoomEvent[]): void {
    for (const event of events) for (const change of this.#model.apply(event)) this.#apply(change);
  }

  #apply(change: RoomChange): void {
    const remote = this.#remote;
    if (change.type === "peer.added") remote.addPeer(change.peer);
    else if (change.type === "peer.removed") remote.removePeer(change.peerId, change.reason);
    else if (change.type === "snapshot.applied") remote.handleSnapshot();
    else if (change.type === "producer.added") {
      remote.addProducer(change.producer);
      remote.bindConsumer(consumerInfoOf(change.producer), consumerOf(change.producer));
    } else if (change.type === "producer.removed") {
      // A node closes the consumer first.
      remote.removeConsumer(consumerInfoOf(change.producer));
      remote.removeProducer(change.producer);
    }
  }
}

const SNAPSHOT_STARTED: RoomEvent[] = [
  {
    name: "snapshot.started",
    data: {
      roomId: "room",
      peerId: "me",
      grants: { publish: [], subscribe: true, data: false, moderate: false },
    },
  },
];
const SNAPSHOT_ENDED: RoomEvent = { name: "snapshot.ended", data: {} };
const newPerson = (): Person => ({
  awayMs: 0,
  isHere: false,
  peerId: "",
  sources: new Set(),
  published: new Map(),
});
const infoOf = (identity: string, peerId: string): PeerInfo => ({
  peerId,
  identity,
  name: identity,
  metadata: "",
  joinedAtMs: 0,
});
const producerOf = (peerId: string, source: Source, producerId: string): ProducerInfo => ({
  producerId,
  peerId,
  source,
  kind: source === "camera" ? "video" : "audio",
  paused: false,
  muted: false,
});
const consumerInfoOf = ({ producerId, peerId, source, kind }: ProducerInfo) => ({
  consumerId: `c-${producerId}`,
  producerId,
  peerId,
  source,
  kind,
  producerPaused: false,
  rtpParameters: {} as never,
});
const consumerOf = ({ producerId }: ProducerInfo) =>
  ({ id: `c-${producerId}`, producerId, track: {}, rtpParameters: {} }) as types.Consumer;

type Step = [step: string, name: string, source: Source];
const STEPS = ["comes", "comes", "publishes", "publishes", "unpublishes", "goes", "moves", "time"];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it.each([
  ["keeps peer ids", true],
  ["gives new ones", false],
])(
  "whatever others do while the room moves about, on a node that %s: an app hears the truth, and nothing twice",
  (_, keepsIds) => {
    const step = fc.tuple(fc.constantFrom(...STEPS), fc.constantFrom(...NAMES), fc.constantFrom(...SOURCES));
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const history = new History(keepsIds);
        for (const taken of steps) history.take(taken);
        history.settle();
        history.check();
      }),
      { numRuns: RUNS },
    );
  },
);
