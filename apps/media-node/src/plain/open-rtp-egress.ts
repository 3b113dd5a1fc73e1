import {
  type CreateEgress,
  FairleadError,
  KIND_OF_SOURCE,
  type NodeCallReply,
  type Source,
} from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Room } from "../room/room.ts";
import { sourceOf } from "../room/room-events.ts";
import type { Sender } from "../room/sender.ts";
import { EgressTrack } from "./egress-track.ts";
import type { RtpEgresses } from "./rtp-egresses.ts";
import type { RtpReach } from "./rtp-reach.ts";

export type RtpEgressDeps = {
  rtpEgresses: RtpEgresses;
  rtpReach: RtpReach;
  /** Whether the room is still this node's. @throws {FairleadError} `lease_lost`. */
  confirm: (room: Room) => Promise<void>;
};

/** Pictures first, so that the first port is theirs. */
const ORDER: readonly Source[] = ["camera", "screen", "microphone", "screen_audio"];

/**
 * Media of one sender of the room goes to a receiver outside, each track by itself.
 * @throws {FairleadError} `rtp_refused`, `rtp_limit`, `no_capacity`; `peer_not_found`, `producer_not_found`; `invalid_request`: several send,
 * and none of them is named; `lease_lost`.
 */
export async function openRtpEgress(
  room: Room,
  wish: CreateEgress,
  deps: RtpEgressDeps,
): Promise<NodeCallReply<"rtp_egress.open">> {
  const { rtpEgresses, rtpReach, confirm } = deps;
  const listenInfo = rtpReach.forEgress(wish);
  const sender = senderOf(room, wish);
  const producers = producersOf(sender, wish);
  const egress = rtpEgresses.begin(room, sender, wish);
  const tracks: EgressTrack[] = [];
  try {
    for (const [index, producer] of producers.entries())
      tracks.push(
        await EgressTrack.open({
          ...{ seat: sender.seat, egressId: egress.egressId, producer, listenInfo },
          encrypted: wish.encrypted,
          receiver: { address: wish.receiverAddress, port: wish.receiverPort + 2 * index },
        }),
      );
    await confirm(room);
    const answer = await egress.begin(tracks);
    const { egressId } = egress;
    room.log.info("rtp_egress.opened", { roomId: room.roomId, egressId, peerId: sender.peerId });
    return answer;
  } catch (error) {
    for (const track of tracks) track.close();
    egress.close();
    throw error;
  }
}

function senderOf(room: Room, { peerId }: CreateEgress): Sender {
  if (peerId !== undefined) {
    const sender = room.sender(peerId);
    if (!sender) throw new FairleadError("peer_not_found");
    return sender;
  }
  const [sender, ...others] = room.senders().filter(({ producers }) => producers.size > 0);
  if (!sender) throw new FairleadError("producer_not_found", { message: "nobody sends" });
  if (others.length > 0)
    throw new FairleadError("invalid_request", { message: "peerId: needed where several send" });
  return sender;
}

function producersOf({ producers }: Sender, { sources }: CreateEgress): types.Producer[] {
  const found = ORDER.filter((source) => sources?.includes(source) ?? true).flatMap((source) =>
    [...producers.values()].filter((producer) => !producer.closed && sourceOf(producer) === source),
  );
  // mediasoup's own check of a producer's kind is none.
  const media = found.filter((producer) => KIND_OF_SOURCE[sourceOf(producer)] === producer.kind);
  if (media.length === 0) throw new FairleadError("producer_not_found");
  return media;
}
