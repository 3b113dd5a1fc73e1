import { EventEmitter } from "node:events";
import type { RoomRecord } from "@fairlead/protocol";
import { silentLogger } from "@fairlead/telemetry";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Bans } from "../room/bans.ts";
import { LINGER_MS } from "../room/reseat.ts";
import type { Room } from "../room/room.ts";
import { LingeringRooms } from "./lingering-rooms.ts";

/** A peer's transport that its client may close. */
class FakeTransport extends EventEmitter {
  readonly observer = new EventEmitter();
  closed = false;
  dtlsState: string;
  constructor(dtlsState: string) {
    super();
    this.dtlsState = dtlsState;
  }
  endByClient(): void {
    this.dtlsState = "closed";
    this.emit("dtlsstatechange", "closed");
  }
  close(): void {
    this.closed = true;
    this.observer.emit("close");
  }
}

function peerOf(identity: string, dtlsState = "connected") {
  const transports = { send: new FakeTransport(dtlsState), receive: new FakeTransport(dtlsState) };
  const microphone = { appData: { source: "microphone" }, paused: false, pause: vi.fn(async () => {}) };
  return {
    identity,
    ticketId: `ticket of ${identity}`,
    transports,
    microphone,
    producers: new Map([["m", microphone]]),
    session: { abandon: vi.fn() },
    close: () => {
      for (const transport of Object.values(transports)) transport.close();
    },
  };
}

type FakePeer = ReturnType<typeof peerOf>;

function roomOf(peers: FakePeer[], epoch = 1) {
  const room = {
    roomId: "one",
    lease: { epoch },
    isLingering: false,
    bans: new Bans(),
    arrivals: { close: () => {} },
    viewers: new Map([["whep", { close: vi.fn() }]]),
    publishers: new Map(),
    lingering: new Map(),
    members: () => peers,
    senders: () => peers,
    abandon: vi.fn(),
  };
  return { ...room, asRoom: room as unknown as Room };
}

let record: Partial<RoomRecord> | null;
let lingering: LingeringRooms;
beforeEach(() => {
  vi.useFakeTimers();
  record = null;
  lingering = new LingeringRooms({
    registry: { describeRoom: async () => record as RoomRecord | null },
    log: silentLogger,
    now: Date.now,
  });
});
afterEach(() => {
  lingering.close();
  vi.useRealTimers();
});

/** Lets promises settle. */
const settle = () => vi.advanceTimersByTimeAsync(0);

async function add(peers: FakePeer[], epoch = 1) {
  const room = roomOf(peers, epoch);
  lingering.add(room.asRoom);
  await settle();
  return room;
}

it("a room ends once every transport that carried something is closed; its sessions are over, and WHEP's viewers are cut, at once", async () => {
  const [ann, bob] = [peerOf("ann"), peerOf("bob", "new")];
  const room = await add([ann, bob]);
  expect(room.asRoom.isLingering).toBe(true);
  expect(ann.session.abandon).toHaveBeenCalledOnce();
  expect(room.viewers.get("whep")?.close).toHaveBeenCalledOnce();
  ann.transports.send.endByClient();
  await settle();
  expect(room.abandon).not.toHaveBeenCalled();
  ann.transports.receive.close();
  await settle();
  expect(room.abandon).toHaveBeenCalledOnce();
  expect(lingering.count).toBe(0);
});

it("one where nobody had media yet ends at once", async () => {
  expect((await add([peerOf("ann", "new")])).abandon).toHaveBeenCalledOnce();
});

it("one whose peers never close ends after its time, and with the node", async () => {
  const [first, second] = [await add([peerOf("ann")], 1), await add([peerOf("ann")], 2)];
  expect(lingering.of("one")).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(LINGER_MS - 1);
  expect(first.abandon).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  for (const room of [first, second]) expect(room.abandon).toHaveBeenCalledOnce();
  const last = await add([peerOf("ann")], 3);
  lingering.close();
  expect(last.abandon).toHaveBeenCalledOnce();
});

it("what is moderated at the room's present place is silent here too, in the places before that one", async () => {
  const [ann, bob, late] = [peerOf("ann"), peerOf("bob"), peerOf("ann")];
  await add([ann, bob], 1);
  await add([late], 3);
  const said = { type: "moderated", roomId: "one", epoch: 3 } as const;
  lingering.moderate({ ...said, identity: "ann", source: "camera" });
  expect(ann.microphone.pause).not.toHaveBeenCalled();
  lingering.moderate({ ...said, identity: "ann", source: "microphone" });
  expect(ann.microphone.pause).toHaveBeenCalledOnce();
  lingering.moderate({ ...said, identity: "bob" });
  expect(bob.transports.send.closed).toBe(true);
  expect(ann.transports.send.closed).toBe(false);
  lingering.moderate({ ...said, roomId: "two", identity: "ann" });
  expect(ann.transports.send.closed).toBe(false);
  expect(late.microphone.pause).not.toHaveBeenCalled();
});

it.each([
  ["its record is gone for two seconds and more", null, 3],
  ["its broadcast has ended", { bans: [], mutes: [], broadcast: { state: "ended" } }, 1],
])("one of which %s ends", async (_, read, reads) => {
  const room = await add([peerOf("ann")]);
  record = { bans: [], mutes: [] };
  await lingering.readRecords();
  expect(room.abandon).not.toHaveBeenCalled();
  record = read as unknown as typeof record;
  for (let before = 1; before < reads; before += 1) await lingering.readRecords();
  expect(room.abandon).not.toHaveBeenCalled();
  await lingering.readRecords();
  expect(room.abandon).toHaveBeenCalledOnce();
  expect(lingering.count).toBe(0);
});

it("one whose record a registry has lost, and gets again from the room's present place, goes on", async () => {
  const room = await add([peerOf("ann")]);
  for (let read = 0; read < 6; read += 1) {
    record = read % 3 < 2 ? null : { bans: [], mutes: [] };
    await lingering.readRecords();
  }
  expect(room.abandon).not.toHaveBeenCalled();
});

it("the room's record says the same, if nobody else does", async () => {
  const [ann, bob, cleo] = [peerOf("ann"), peerOf("bob"), peerOf("cleo")];
  await add([ann, bob, cleo]);
  record = {
    bans: [
      { identity: "bob", ticketIds: [] },
      { identity: "a former name", ticketIds: [cleo.ticketId] },
    ],
    mutes: [{ identity: "ann", source: "microphone" }],
  };
  await lingering.readRecords();
  expect(ann.microphone.pause).toHaveBeenCalledOnce();
  expect([ann, bob, cleo].map(({ transports }) => transports.receive.closed)).toEqual([false, true, true]);
});
