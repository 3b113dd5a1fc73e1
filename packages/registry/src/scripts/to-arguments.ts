import { type BroadcastRecord, defaultGroupOf, type Heartbeat, type LiveBeat } from "@fairlead/protocol";
import type { BroadcastWrite, KnownOfRoom, PlaceRequest, RoomPatch } from "../registry.ts";
import { neededUntilMs } from "../rules/broadcasts/memory.ts";
import { lingeringPpmOf, roomsOf } from "../rules/capacity/adverts.ts";
import { toPpm } from "../rules/policy.ts";
import { toRatesText } from "./rate-texts.ts";
import { toLabels, toOptionsText, toPools, toRegion } from "./room-texts.ts";

/** @returns What the heartbeat script takes after the time; see there. */
export function heartbeatArguments(beat: Heartbeat): string[] {
  const { nodeId, incarnation, state, drain, busConnected, region, labels, version } = beat;
  const { networkLoad, capacity } = beat;
  const { leases, cores } = beat;
  const coreLists = cores.map((c) => [c.core, c.cpuLoad, c.rooms, c.peers, c.consumers, c.usable ? 1 : 0]);
  const group = beat.group ?? defaultGroupOf(beat);
  const about = { state, drain, busConnected, region, labels, group, version, networkLoad, capacity };
  const advert = { ...about, cores: coreLists };
  return [
    nodeId,
    incarnation,
    state === "ready" ? toPools(region, labels) : "",
    flag(busConnected),
    usableLoads(beat),
    `${cores.reduce((sum, { peers }) => sum + peers, 0)}`,
    capacity.maxPeers === null ? "" : `${capacity.maxPeers}`,
    JSON.stringify(advert),
    `${leases.count} ${leases.epochSum}`,
    beat.settledDebits.join(" "),
    leases.named.map((l) => `${l.roomId} ${l.core} ${l.epoch} ${l.peers} ${flag(l.isLocal)}`).join(" "),
    leases.page ? [leases.page.of, ...leases.page.buckets].join(" ") : "",
    beat.observedCosts.map(({ kind, load }) => `${kind} ${toPpm(load)}`).join(" "),
    beat.suspects.join(" "),
    (leases.buckets ?? []).map(({ count, epochSum }) => `${count} ${epochSum}`).join(" "),
    (beat.seatedDebits ?? []).map(({ debitId, core }) => `${debitId} ${core}`).join(" "),
    [
      group,
      lingeringPpmOf(beat),
      roomsOf(beat),
      ...(state === "ready" ? [] : [toPools(region, labels)]),
    ].join(" "),
  ];
}

/** `load:core`, least loaded first, of those that may be used. */
function usableLoads({ cores, networkLoad }: Heartbeat): string {
  const networkPpm = toPpm(networkLoad);
  return cores
    .filter(({ usable }) => usable)
    .map(({ core, cpuLoad }) => ({ core, ppm: Math.max(toPpm(cpuLoad), networkPpm) }))
    .sort((a, b) => a.ppm - b.ppm || a.core - b.core)
    .map(({ core, ppm }) => `${ppm}:${core}`)
    .join(" ");
}

/** @returns What the script takes after the time: its name, and all that it says. */
export function liveArguments({ nodeId, incarnation, ...about }: LiveBeat): string[] {
  return [`${nodeId} ${incarnation}`, JSON.stringify(about)];
}

/** @param random Makes the name of a debit unique. @returns What the place script takes after the time; see there. */
export function placeArguments(request: PlaceRequest, random: string): string[] {
  const { roomId, peer, options, region, labels = [], exclude = [], suspect = "", supersedes } = request;
  const texts = options ? toOptionsText(options) : { options: "", wish: "" };
  return [
    roomId,
    peer?.identity ?? "",
    peer?.ticketId ?? "",
    random,
    texts.options,
    texts.wish,
    region === undefined ? "" : toRegion(region),
    toLabels(labels),
    exclude.map(({ incarnation, core }) => `${incarnation} ${core}`).join(" "),
    suspect,
    supersedes ? `${supersedes.incarnation} ${supersedes.epoch}` : "",
    toRatesText(request.rates ?? []),
    (request.groups ?? []).join(" "),
    request.movedLoad === undefined ? "" : `${toPpm(request.movedLoad)}`,
    flag(request.fills === true),
  ];
}

/** @returns Pairs of what to change and how. */
export function patchArguments({ options, ban, unban, mute, restore, broadcast }: RoomPatch): string[] {
  const texts = options ? toOptionsText(options) : null;
  return [
    ...(broadcast ? ["broadcast", writeText(broadcast)] : []),
    ...(texts ? ["options", texts.options, "wish", texts.wish] : []),
    ...(ban
      ? ["ban", JSON.stringify([ban.identity, ...(ban.ticketId === undefined ? [] : [ban.ticketId])])]
      : []),
    ...(unban ? ["unban", JSON.stringify([unban.identity])] : []),
    ...(mute ? [mute.muted ? "mute" : "unmute", JSON.stringify([mute.identity, mute.source])] : []),
    ...(restore ? ["restore", restoreText(restore)] : []),
  ];
}

function writeText({ write, ifRevision, epoch }: BroadcastWrite): string {
  return [ifRevision ?? "-", epoch ?? "-", write ? toBroadcastText(write) : ""].join(" ");
}

/** A broadcast as a script keeps it: what it wants to know of it, and the whole. */
function toBroadcastText(broadcast: BroadcastRecord): string {
  const { revision, state } = broadcast;
  return [revision, state, neededUntilMs(broadcast), JSON.stringify(broadcast)].join(" ");
}

function restoreText({ options, bans, mutes, broadcast }: KnownOfRoom): string {
  return JSON.stringify({
    ...(broadcast ? { broadcast: toBroadcastText(broadcast) } : {}),
    ...(options ? toOptionsText(options) : {}),
    bans: bans.map(({ identity, ticketIds }) => [identity, ...ticketIds]),
    mutes: mutes.map(({ identity, source }) => [identity, source]),
  });
}

function flag(is: boolean): string {
  return is ? "1" : "0";
}
