import type { Bus } from "@fairlead/bus";
import type { CoreAdvert, Heartbeat, ServedLease } from "@fairlead/protocol";
import type { Readiness } from "../lease/readiness.ts";
import type { NodeIdentity } from "../node/node-identity.ts";
import { countSeats, type SeatCounts } from "../room/count-room.ts";
import type { Room } from "../room/room.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { Core } from "../worker/core.ts";
import type { NetworkMeter } from "../worker/network-meter.ts";
import type { LateNodes } from "./late-nodes.ts";
import type { LeaseReport } from "./lease-report.ts";
import type { ObservedCosts } from "./observed-costs.ts";
import type { ReturningPeers } from "./returning-peers.ts";
import type { SettledDebits } from "./settled-debits.ts";

export type HeartbeatContent = {
  node: NodeIdentity;
  cores: readonly Core[];
  rooms: Rooms;
  network: NetworkMeter;
  readiness: Readiness;
  leases: LeaseReport;
  debits: SettledDebits;
  costs: ObservedCosts;
  returning: ReturningPeers;
  lateNodes: LateNodes;
  bus: Bus;
  now: () => number;
};

type CountedRoom = { room: Room; byCore: ReadonlyMap<number, SeatCounts> };

/** Makes the heartbeat that is sent now. */
export function composeHeartbeat(parts: HeartbeatContent): Heartbeat {
  const { node, cores, rooms, network, leases, debits, costs, returning, lateNodes, bus, now } = parts;
  const { drain } = parts.readiness;
  const counted = countRooms(rooms);
  const lingering = rooms.lingering.all().map(countRoom);
  const loadOf = ({ index, load }: Core) => Math.min(returning.loadOf(index, load), 4);
  const settledDebits = debits.due();
  const seatedDebits = debits.seated(settledDebits);
  costs.sample(
    cores.map((core) => ({
      cpuShare: core.cpuShare,
      load: loadOf(core),
      rooms: seatsOn(core.index, [...counted, ...lingering]),
    })),
  );
  return {
    ...node,
    // next build: record of a node
    state: parts.readiness.state,
    ...(drain ? { drain: { ...drain, lingering: rooms.lingering.count } } : {}),
    busConnected: bus.isConnected,
    networkLoad: network.load,
    cores: advertCores(cores, counted, { lingering, loadOf }),
    settledDebits,
    ...(seatedDebits.length > 0 ? { seatedDebits } : {}),
    leases: leases.compose(counted.map(toServedLease), now()),
    observedCosts: costs.due(),
    suspects: lateNodes.takeSuspects(),
  };
}

export function countRooms(rooms: Pick<Rooms, "all">): CountedRoom[] {
  return rooms.all().map(countRoom);
}

function countRoom(room: Room): CountedRoom {
  return { room, byCore: countSeats(room) };
}

type Advertised = { lingering?: readonly CountedRoom[]; loadOf?: (core: Core) => number };

/** @param lingering Rooms that have moved away. @param loadOf The load to advertise; default: the one that is measured. */
export function advertCores(
  cores: readonly Core[],
  counted: readonly CountedRoom[],
  { lingering = [], loadOf = ({ load }) => Math.min(load, 4) }: Advertised = {},
): CoreAdvert[] {
  return cores.map((core) => {
    const advert = { ...advertOf(core, counted), cpuLoad: loadOf(core) };
    const leaving = consumersOf(seatsOn(core.index, lingering));
    if (leaving === 0) return advert;
    return { ...advert, lingeringLoad: (advert.cpuLoad * leaving) / (leaving + advert.consumers) };
  });
}

function consumersOf(seats: readonly SeatCounts[]): number {
  return seats.reduce((sum, { consumers }) => sum + consumers, 0);
}

/** A room counts where its home is, a peer where it sits. */
function advertOf(core: Core, counted: readonly CountedRoom[]): Omit<CoreAdvert, "cpuLoad"> {
  const seats = seatsOn(core.index, counted);
  return {
    core: core.index,
    usable: core.isUsable,
    rooms: counted.filter(({ room }) => room.lease.core === core.index).length,
    peers: seats.reduce((sum, { peers }) => sum + peers, 0),
    consumers: consumersOf(seats),
  };
}

function seatsOn(core: number, counted: readonly CountedRoom[]): (SeatCounts & { room: Room })[] {
  return counted.flatMap(({ room, byCore }) => {
    const counts = byCore.get(core);
    return counts ? [{ room, ...counts }] : [];
  });
}

/** Viewers come to the room's next place as peers do. */
function toServedLease({ room }: CountedRoom): ServedLease {
  const { lease, isLocal, present: peers } = room;
  const { roomId, core, epoch } = lease;
  return { roomId, core, epoch, peers, isLocal };
}
