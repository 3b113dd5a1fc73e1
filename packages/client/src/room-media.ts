import type { JoinReply } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { RoomEvents } from "./api/events.ts";
import type { ConnectionQuality } from "./api/tracks.ts";
import type { SendCommand } from "./connection/session.ts";
import { DataSender } from "./local/data-sender.ts";
import { PeerTransports } from "./media/transports.ts";
import { type ExpectedPeer, QualityMonitor } from "./quality/quality-monitor.ts";
import { tellQuality } from "./quality/tell-quality.ts";
import type { RemotePeers } from "./remote/remote-peers.ts";
import { Subscriptions } from "./remote/subscriptions.ts";
import type { TypedEmitter } from "./typed-emitter.ts";

type RoomMediaOptions = {
  device: types.Device;
  iceTransportPolicy: RTCIceTransportPolicy;
  joined: JoinReply;
  command: SendCommand;
  peers: RemotePeers;
  emitter: TypedEmitter<RoomEvents>;
  /** That of the place before, if it goes on for a while. */
  former: RoomMedia | null;
  /** This peer, as the app sees how it is connected. */
  own: { quality: ConnectionQuality };
};

/** Everything that lives as long as one session's transports. */
export class RoomMedia {
  readonly transports: PeerTransports;
  readonly subscriptions: Subscriptions;
  readonly data: DataSender;
  readonly #monitor: QualityMonitor;

  constructor(options: RoomMediaOptions) {
    const { device, iceTransportPolicy, joined, command, peers, emitter, own, former } = options;
    this.transports = new PeerTransports({ device, iceTransportPolicy, joined, command });
    const confirms = joined.confirmsData === true;
    this.subscriptions = new Subscriptions({
      transports: this.transports,
      command,
      peers,
      emitter,
      confirms,
    });
    this.data = new DataSender({
      transports: this.transports,
      command,
      peers: peers.peers,
      isAtNode: (peerId) => peers.isAtNode(peerId),
      mayWrite: joined.grants.data,
      confirms,
      former: former?.data,
      areAllBack: () => peers.areAllBack,
    });
    this.#monitor = new QualityMonitor({
      transports: this.transports,
      ownPeerId: joined.peerId,
      expected: () => expectedOf(peers),
      graded: (peerId, quality) => {
        const graded = peerId === joined.peerId ? own : peers.peers.get(peerId);
        tellQuality(emitter, graded, { peerId, quality });
      },
    });
  }

  /** What its media came to lately, bits/s. */
  get receivedBps(): number {
    return this.#monitor.receivedBps;
  }

  /** It comes by one of this session's consumers. */
  receives(track: MediaStreamTrack): boolean {
    return this.subscriptions.receives(track);
  }

  /** Another session goes on: what flows here goes on until `close`. */
  leave(): void {
    this.#monitor.close();
    this.subscriptions.leave();
    this.data.close();
    this.transports.leave();
  }

  close(): void {
    this.leave();
    this.subscriptions.close();
    this.transports.close();
  }
}

function expectedOf({ peers }: RemotePeers): ExpectedPeer[] {
  const present = [...peers.values()].filter(({ isAway }) => !isAway);
  return present.map(({ peerId, tracks }) => ({
    peerId,
    streams: [...tracks.values()].filter(({ isMuted, isWanted }) => !isMuted && isWanted),
  }));
}
