import { type CommandRequest, FairleadError, KIND_OF_SOURCE } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { announceProducer, KEY_FRAME_REQUEST_DELAY_MS } from "../room/announce-producer.ts";
import { refuseBadMedia } from "../room/call-mediasoup.ts";
import { closeProducer } from "../room/close-producer.ts";
import { adviseBitrate } from "../room/incoming-bitrate.ts";
import type { Peer } from "../room/peer.ts";
import type { PeerInRoom, Room } from "../room/room.ts";
import { sourceOf } from "../room/room-events.ts";
import { audienceOf } from "../room/subscriptions.ts";
import type { CommandHandlers } from "./command-handlers.ts";

export const producerCommands = {
  "producer.create": async ({ room, peer }, request) => {
    assertMayPublish(peer, request);
    peer.pendingSources.add(request.source);
    try {
      if (room.broadcast) await room.broadcast.admitPublisher(peer);
      peer.budgets.charge({ producers: 1, consumers: audienceOf({ room, peer }).length });
      return { producerId: (await peer.turns.take(() => produce({ room, peer }, request))).id };
    } finally {
      peer.pendingSources.delete(request.source);
    }
  },
  "producer.pause": async ({ room, peer }, { producerId }) => {
    const producer = peer.producer(producerId);
    const isNews = await refuseBadMedia(peer, () => peer.switches.pause(producer));
    if (!isNews) return {};
    const muted = room.mutes.has(peer.identity, sourceOf(producer));
    room.tell({ name: "producer.paused", data: { producerId, muted } });
    return {};
  },
  "producer.resume": async ({ room, peer }, { producerId }) => {
    const producer = peer.producer(producerId);
    if (room.mutes.has(peer.identity, sourceOf(producer))) throw new FairleadError("muted_by_moderator");
    peer.budgets.charge({ switches: costOfTelling(room) });
    await refuseBadMedia(peer, () => peer.switches.resume(producer));
    room.tell({ name: "producer.resumed", data: { producerId } });
    return {};
  },
  "producer.close": ({ room, peer }, { producerId }) => {
    const producer = peer.producer(producerId);
    closeProducer({ room, peer }, producer);
    // The sound of a screen ends with its picture, or it would be a microphone that no moderator has muted.
    const sound = sourceOf(producer) === "screen" && peer.producerOf("screen_audio");
    if (sound) closeProducer({ room, peer }, sound);
    return {};
  },
} satisfies Partial<CommandHandlers>;

function assertMayPublish(
  peer: Peer,
  { source, kind, rtpParameters }: CommandRequest<"producer.create">,
): void {
  if (!peer.grants.publish.includes(source)) {
    throw new FairleadError("grant_missing", { message: `the ticket does not grant publishing ${source}` });
  }
  if (KIND_OF_SOURCE[source] !== kind)
    throw new FairleadError("invalid_request", { message: `${source} is ${KIND_OF_SOURCE[source]}` });
  // mediasoup itself does not hold a codec against its kind.
  if (rtpParameters.codecs.some(({ mimeType }) => !mimeType.startsWith(`${kind}/`)))
    throw new FairleadError("invalid_request", { message: `${source} takes ${kind} codecs` });
  if (peer.producerOf(source) || peer.pendingSources.has(source)) {
    throw new FairleadError("producer_limit", { message: `${source} is published already` });
  }
  if (source === "screen_audio" && !peer.pendingSources.has("screen")) assertScreen(peer);
}

function assertScreen(peer: Peer): void {
  if (!peer.producerOf("screen"))
    throw new FairleadError("producer_not_found", { message: "screen_audio needs its peer's own screen" });
}

/** An event to many costs as much as a few switches of consumers. */
function costOfTelling({ peers }: Room): number {
  return 1 + Math.floor(peers.size / 10);
}

async function produce(
  { room, peer }: PeerInRoom,
  { source, kind, rtpParameters, paused }: CommandRequest<"producer.create">,
): Promise<types.Producer> {
  if (peer.isClosed) throw new FairleadError("session_gone");
  // It may have closed, or have been refused, while this command waited for its turn.
  if (source === "screen_audio") assertScreen(peer);
  if (peer.producers.size === 0) adviseBitrate(room.options, peer);
  const producer = await refuseBadMedia(peer, () =>
    peer.sendTransport.produce({
      kind,
      rtpParameters: {
        ...(rtpParameters as types.RtpParameters),
        // Every receiver gets it in SDP, so the sender must not choose it.
        rtcp: { ...rtpParameters.rtcp, cname: peer.peerId },
      },
      paused: paused || room.mutes.has(peer.identity, source),
      keyFrameRequestDelay: KEY_FRAME_REQUEST_DELAY_MS,
      appData: { owner: peer.owner, peerId: peer.peerId, source },
    }),
  );
  // Its peer left while it was being made: mediasoup has not closed it with the transport.
  if (peer.isClosed) producer.close();
  else peer.producers.set(producer.id, producer);
  // A moderator muted the source while the producer was being made.
  if (room.mutes.has(peer.identity, source) && !producer.paused)
    await refuseBadMedia(peer, () => producer.pause());
  if (source === "microphone" && !peer.isClosed)
    await refuseBadMedia(peer, () => peer.seat.observe(producer));
  if (peer.isClosed) throw new FairleadError("session_gone");
  announceProducer({ room, peer }, producer);
  return producer;
}
