import type { NodeCallHandlers } from "@fairlead/bus";
import { FairleadError, PEERS_PER_PAGE, type PeerDetail, type PeerPage } from "@fairlead/protocol";
import type { Peer } from "./room/peer.ts";
import type { Room } from "./room/room.ts";
import { producerInfos } from "./room/room-events.ts";
import type { Rooms } from "./rooms.ts";

/** What signaling asks of this node. */
export function answerCalls(rooms: Rooms): NodeCallHandlers {
  return {
    "room.join": (request) => rooms.join(request),
    "session.attach": (request) => rooms.attach(request),
    "session.detach": ({ sessionId, connection }) => {
      rooms.peerOf(sessionId).session.detach(connection);
      return {};
    },
    "session.command": ({ sessionId, epoch, connection, command }) =>
      rooms.peerOf(sessionId, epoch).session.receive(connection, command),
    "session.ack": ({ sessionId, connection, ack }) => {
      rooms.peerOf(sessionId).session.acknowledge(connection, ack);
      return {};
    },
    "room.describe": ({ roomId, epoch }) => rooms.room(roomId, epoch).counts(),
    "room.close": ({ roomId, epoch }) => {
      rooms.close(rooms.room(roomId, epoch), "closed by the API");
      return {};
    },
    "room.peers": ({ roomId, epoch, cursor }) => pageOfPeers(rooms.room(roomId, epoch), cursor),
    "peer.mute": async ({ roomId, epoch, peerId, source, muted }) => {
      const room = rooms.room(roomId, epoch);
      await room.mute(room.peer(peerId), source, muted);
      return {};
    },
    "peer.remove": async ({ roomId, epoch, peerId, reason, ban }) => {
      const room = rooms.room(roomId, epoch);
      await room.expel(room.peer(peerId), { reason, ban });
      return {};
    },
    "peer.unban": ({ roomId, epoch, identity }) => {
      rooms.room(roomId, epoch).unban(identity);
      return {};
    },
    "node.ping": () => ({}),
    ...notYet,
  };
}

const refuse = () => {
  throw new FairleadError("unknown_command");
};
/** Come with the work on the cluster. */
const notYet = {
  "room.owner": refuse,
  "room.claim": refuse,
  "node.describe": refuse,
  "node.drain": refuse,
  "node.undrain": refuse,
  "node.surplus": refuse,
  "node.reclaim": refuse,
};

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
    producers: producerInfos(room, peer),
  };
}
