import type { JoinReply } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { RoomEvents } from "./api/events.ts";
import { DataSender } from "./data-sender.ts";
import { MediaSession } from "./media-session.ts";
import { type ExpectedStream, QualityMonitor } from "./quality-monitor.ts";
import type { RemotePeers } from "./remote-peers.ts";
import type { SendCommand } from "./session.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { TypedEmitter } from "./typed-emitter.ts";

type RoomMediaOptions = {
  device: types.Device;
  joined: JoinReply;
  command: SendCommand;
  peers: RemotePeers;
  emitter: TypedEmitter<RoomEvents>;
  qualityChanged: (...grade: [peerId: string, quality: RoomEvents["quality.changed"]["quality"]]) => void;
};

/** Everything that lives and ends with one session's transports. */
export class RoomMedia {
  readonly session: MediaSession;
  readonly subscriptions: Subscriptions;
  readonly data: DataSender;
  readonly #monitor: QualityMonitor;

  constructor({ device, joined, command, peers, emitter, qualityChanged }: RoomMediaOptions) {
    this.session = new MediaSession({ device, joined, command });
    this.subscriptions = new Subscriptions({ media: this.session, command, peers, emitter });
    this.data = new DataSender(this.session, joined.grants.data);
    this.#monitor = new QualityMonitor({
      media: this.session,
      ownPeerId: joined.peerId,
      expected: () => expectedStreams(peers),
      changed: qualityChanged,
    });
  }

  close(): void {
    this.#monitor.close();
    this.subscriptions.close();
    this.data.close();
    this.session.close();
  }
}

/** Silence is not sent (DTX), so only video proves by its absence that something is wrong. */
function expectedStreams(peers: RemotePeers): ExpectedStream[] {
  return [...peers.peers.values()].flatMap(({ peerId, tracks }) =>
    [...tracks.values()].flatMap(({ ssrc, kind, isMuted, isWanted }) => {
      const isExpected = ssrc !== undefined && kind === "video" && !isMuted && isWanted;
      return isExpected ? [{ peerId, ssrc }] : [];
    }),
  );
}
