import { EventEmitter } from "node:events";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it, vi } from "vitest";
import type { Peer } from "../room/peer.ts";
import { lingerOnSeat } from "../room/reseat.ts";
import type { Room } from "../room/room.ts";
import { Roster } from "../room/roster.ts";
import { tellOncePlayed } from "./enter-broadcast.ts";

const PLAYING = {
  ...{ broadcastId: "r", kind: "sdk" as const },
  ...{ sessionId: "p", identity: "ann", cacheKey: "t" },
};

function setUp() {
  const tellPlayDone = vi.fn();
  const more = { roomId: "r", log: silentLogger, deps: { forgetSpent: () => {} }, tell: () => {} };
  const roster = Object.assign(new Roster(), more);
  const room = roster as unknown as Room;
  const come = (): Peer => {
    const receive = Object.assign(new EventEmitter(), {
      observer: new EventEmitter(),
      dtlsState: "connected",
    });
    const close = () => void receive.observer.emit("close");
    const has = { dataEnds: new Set(), producers: new Map(), transports: { send: null, receive } };
    const peer = { peerId: "p", isViewer: true, close, ...has } as unknown as Peer;
    roster.audience.set(peer);
    tellOncePlayed({ room, peer }, PLAYING, { rooms: { isHere: () => true }, hooks: { tellPlayDone } });
    return peer;
  };
  const leave = (peer: Peer) => {
    roster.audience.delete(peer);
    peer.close();
    roster.endLingering("p");
  };
  return { roster, come, leave, tellPlayDone };
}

it("a viewer that leaves is told of once", () => {
  const { come, leave, tellPlayDone } = setUp();
  leave(come());
  expect(tellPlayDone.mock.calls).toEqual([[PLAYING]]);
});

it("once too where its media still goes on at the seat that it has left", () => {
  const { roster, come, leave, tellPlayDone } = setUp();
  const before = come();
  const after = come();
  lingerOnSeat(roster, before);
  leave(after);
  expect(tellPlayDone).toHaveBeenCalledOnce();
});
