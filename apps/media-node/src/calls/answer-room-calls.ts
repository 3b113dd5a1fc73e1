import type { NodeCallHandlers } from "@fairlead/bus";
import { FairleadError, PEERS_PER_PAGE, type PeerDetail, type PeerPage } from "@fairlead/protocol";
import { shownName } from "../commands/act.ts";
import type { Revalidation } from "../heartbeat/revalidation.ts";
import type { Claims } from "../lease/claims.ts";
import type { RoomRecords } from "../lease/room-records.ts";
import { countRoom } from "../room/count-room.ts";
import { banIdentity, expelPeer, mutePeer } from "../room/moderate.ts";
import type { Peer } from "../room/peer.ts";
import type { Room } from "../room/room.ts";
import { producerInfos } from "../room/room-events.ts";
import type { Joins } from "../rooms/joins.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { Sessions } from "../session/sessions.ts";
import type { BroadcastHandlers } from "./answer-broadcast-calls.ts";
import type { NodeHandlers } from "./answer-node-calls.ts";
import type { RtpHandlers } from "./answer-rtp-calls.ts";

export type RoomCallsDeps = {
  rooms: Rooms;
  sessions: Sessions;
  joins: Joins;
  claims: Claims;
  records: RoomRecords;
};

type RoomHandlers = Omit<
  NodeCallHandlers,
  keyof NodeHandlers | keyof BroadcastHandlers | keyof RtpHandlers | "room.owner" | "hls.package"
>;

/** Answers signaling's calls about this node's rooms, once the node is sure that they are its own. */
export function answerRoomCalls(deps: RoomCallsDeps, revalidation: Revalidation): RoomHandlers {
  return {
    ...afterRevalidation(
      { ...sessionCalls(deps), ...roomCalls(deps), ...slowCalls(deps, revalidation) },
      revalidation,
    ),
    // Revalidates by itself: it may bring a lease that the registry has not told this node of.
    "room.join": (request) => deps.joins.join(request),
  };
}

function sessionCalls({ sessions, joins }: RoomCallsDeps) {
  return {
    "session.attach": (request) => joins.attach(request),
    "session.detach": ({ sessionId, connection, isPageGone }) => {
      sessions.peerOf(sessionId).peer.session.detach(connection, isPageGone);
      return {};
    },
    "session.leave": ({ sessionId, connection }) => {
      const found = sessions.peerIfHere(sessionId);
      // The peer is gone already, for whatever reason.
      if (!found) return {};
      const { room, peer } = found;
      peer.session.assertCurrent(connection);
      room.remove(peer, "left", "session_left");
      return {};
    },
    "session.ack": ({ sessionId, connection, ack }) => {
      sessions.peerOf(sessionId).peer.session.acknowledge(connection, ack);
      return {};
    },
  } satisfies Partial<RoomHandlers>;
}

/** Calls that take a while. If the process stands still meanwhile and loses the room, the call is not answered as done. */
function slowCalls({ rooms, sessions }: RoomCallsDeps, revalidation: Revalidation) {
  const assertHere = async (room: Room) => {
    await revalidation.confirm();
    if (!rooms.isHere(room)) throw new FairleadError("lease_lost");
  };
  return {
    "session.command": async ({ sessionId, epoch, connection, command }) => {
      const { room, peer } = sessions.peerOf(sessionId, epoch);
      const reply = await peer.session.receive(connection, command);
      const atMs = await revalidation.confirm();
      if (!rooms.isHere(room)) throw sessions.goneError(sessionId);
      const name = shownName(command.name);
      const refusal = reply.ok ? undefined : reply.error.code;
      const { roomId, lease } = room;
      const { peerId } = peer;
      room.log.debug("command.answered", { roomId, epoch: lease.epoch, peerId, name, refusal, atMs });
      return reply;
    },
    "peer.mute": async ({ roomId, epoch, peerId, source, muted }) => {
      const room = rooms.room(roomId, epoch);
      await mutePeer({ room, peer: room.peerOrPublisher(peerId) }, source, muted);
      await assertHere(room);
      return {};
    },
    "peer.remove": async ({ roomId, epoch, peerId, reason, ban }) => {
      const room = rooms.room(roomId, epoch);
      await expelPeer({ room, peer: room.peerOrPublisher(peerId) }, { reason, ban });
      await assertHere(room);
      return {};
    },
  } satisfies Partial<RoomHandlers>;
}

function roomCalls({ rooms, claims, records }: RoomCallsDeps) {
  return {
    "room.claim": ({ roomId }) => claims.claim(roomId),
    "room.describe": ({ roomId, epoch }) => countRoom(rooms.room(roomId, epoch)),
    "room.set_options": ({ roomId, epoch, options }) => {
      rooms.room(roomId, epoch).setOptions(options);
      return {};
    },
    "room.close": ({ roomId, epoch }) => {
      const room = rooms.room(roomId, epoch);
      if (room.broadcast) room.broadcast.end();
      else rooms.close(room, "closed by the API");
      return {};
    },
    "room.peers": ({ roomId, epoch, cursor }) => pageOfPeers(rooms.room(roomId, epoch), cursor),
    "peer.ban": async ({ roomId, epoch, identity }) => {
      rooms.bansAhead.add(roomId, { identity, epoch });
      const room = rooms.roomIfHere(roomId);
      if (room) await banIdentity(room, identity, "banned");
      return {};
    },
    "peer.unban": async ({ roomId, identity }) => {
      rooms.bansAhead.lift(roomId, identity);
      const room = rooms.roomIfHere(roomId);
      if (room) await records.unban(room, identity);
      return {};
    },
  } satisfies Partial<RoomHandlers>;
}

/** Those that wait for it are answered in the order in which they came. */
function afterRevalidation<T extends Partial<RoomHandlers>>(handlers: T, revalidation: Revalidation): T {
  const wrap = ([name, handle]: [string, (...call: never[]) => unknown]) => [
    name,
    (...call: never[]) =>
      revalidation.isDue ? revalidation.pass().then(() => handle(...call)) : handle(...call),
  ];
  return Object.fromEntries(Object.entries(handlers).map(wrap)) as T;
}

/** In order of peer id, so that a cursor means the same while peers come and go. */
function pageOfPeers(room: Room, cursor = ""): PeerPage {
  const rest = [...room.peers.values()]
    .filter((peer) => peer.peerId > cursor)
    .sort((a, b) => (a.peerId < b.peerId ? -1 : 1));
  const page = rest.slice(0, PEERS_PER_PAGE);
  const last = page.at(-1);
  return {
    peers: page.map((peer) => detail(room, peer)),
    ...(rest.length > page.length && last ? { cursor: last.peerId } : {}),
  };
}

function detail(room: Room, peer: Peer): PeerDetail {
  return {
    ...peer.info,
    grants: peer.grants,
    connected: peer.session.isAttached,
    producers: producerInfos(room.mutes, peer),
  };
}
