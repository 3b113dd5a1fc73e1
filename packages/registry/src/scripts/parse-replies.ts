import {
  BroadcastRecord,
  CoreAdvert,
  FairleadError,
  Heartbeat,
  Lease,
  LiveStatus,
  Mute,
  type NodeStatus,
  PlacementDecision,
  type RoomRecord,
} from "@fairlead/protocol";
import * as z from "zod";
import type { HeartbeatReply, Placement, PlaceRequest } from "../registry.ts";
import { coreLoadPpm } from "../rules/core-load/memory.ts";
import { fromPpm, toPpm } from "../rules/policy.ts";
import type { Rate, RateStanding } from "../rules/rates/rate.ts";
import { parseOwed, parseRateRefusal } from "./rate-texts.ts";
import { fromOptionsText } from "./room-texts.ts";

const Text = z.string();
const RateRefusal = z.tuple([z.literal("rate_limited"), Text, Text]);
const CountReply = z.union([RateRefusal, z.tuple([z.literal("counted"), Text])]);
/** They are tried in turn: what a join gets comes first. */
const PlaceReply = z.union([
  z.tuple([z.literal("placed"), Text, Text, Text, Text, Text, Text, Text]),
  RateRefusal,
  z.tuple([z.literal("banned")]),
  z.tuple([z.enum(["registry_cold", "no_capacity"]), Text]),
]);
const BeatReply = z.tuple([Text, Text, Text, Text, Text, Text, Text, Text, Text]);
const RoomReply = z.tuple([Text, Text, Text, Text, Text, Text, Text, Text, Text, Text]);
const Mutes = z.array(z.tuple([Text, Text]));
const Bans = z.array(z.array(Text));
const UpdateRefusal = z.tuple([
  z.enum([
    "too_many_bans",
    "too_many_mutes",
    "broadcast_not_found",
    "registry_cold",
    "lease_lost",
    "broadcast_exists",
    "broadcast_conflict",
  ]),
]);
const NodeReply = z.tuple([Text, Text, Text, Text]);

/**
 * @param unnamed What to call the debit where there is none.
 * @throws {FairleadError} `rate_limited`, `banned`, `registry_cold`, `no_capacity`.
 */
export function parsePlaceReply(
  reply: unknown,
  { roomId, rates = [] }: PlaceRequest,
  unnamed: string,
): Placement {
  const parsed = PlaceReply.parse(reply);
  if (parsed[0] === "rate_limited") throw parseRateRefusal(parsed[1], parsed[2], rates);
  if (parsed[0] === "banned") throw new FairleadError("banned", { message: `banned from room ${roomId}` });
  if (parsed[0] !== "placed") throw new FairleadError(parsed[0], { retryAfterMs: Number(parsed[1]) });
  const [, lease, isNew, debitId, options, mutes, decision, owed] = parsed;
  return {
    lease: parseLease(`${roomId} ${lease}`),
    isNew: isNew === "1",
    debitId: debitId === "" ? unnamed : debitId,
    room: { options: fromOptionsText(options), mutes: parseMutes(mutes) },
    decision: parseDecision(decision),
    rates: parseOwed(owed, rates),
  };
}

/** @throws {FairleadError} `rate_limited`. */
export function parseCountReply(reply: unknown, rates: readonly Rate[]): RateStanding[] {
  const parsed = CountReply.parse(reply);
  if (parsed[0] === "rate_limited") throw parseRateRefusal(parsed[1], parsed[2], rates);
  return parseOwed(parsed[1], rates);
}

export function parseBeatReply(reply: unknown): HeartbeatReply {
  const [areOther, lost, renewed, orphans, late, behindMs, differing, recordsLost, intervalMs] =
    BeatReply.parse(reply);
  return {
    lost: listOf(lost, parseLease),
    orphans: listOf(orphans, parseLease),
    renewed: listOf(renewed, parseLease),
    late: listOf(late, (text) => {
      const [incarnation = "", silentMs, intervalMs] = text.split(" ");
      return { incarnation, silentMs: Number(silentMs), intervalMs: Number(intervalMs) };
    }),
    leasesDiffer: areOther === "1",
    differingBuckets: differing === "" ? [] : differing.split(" ").map(Number),
    recordsLost: recordsLost === "" ? [] : recordsLost.split(" "),
    intervalMs: Number(intervalMs),
    behindMs: Number(behindMs),
  };
}

/** @throws {FairleadError} As `updateRoom` does. */
export function parseUpdateReply(reply: unknown): RoomRecord {
  const refusal = UpdateRefusal.safeParse(reply);
  if (refusal.success) throw new FairleadError(refusal.data[0]);
  return parseRoomReply(reply);
}

export function parseRoomReply(reply: unknown): RoomRecord {
  const [roomId, createdAtMs, lease, decision, options, mutes, bans, isLost, broadcast, aliveAtMs] =
    RoomReply.parse(reply);
  const banned = Bans.parse(bans === "" ? [] : JSON.parse(bans));
  return {
    roomId,
    createdAtMs: Number(createdAtMs),
    options: fromOptionsText(options),
    bannedIdentities: banned.flatMap(([identity]) => identity ?? []),
    bannedTicketIds: [...new Set(banned.flatMap(([, ...ticketIds]) => ticketIds))],
    bans: banned.map(([identity = "", ...ticketIds]) => ({ identity, ticketIds })),
    mutes: parseMutes(mutes),
    ...(broadcast === "" ? {} : parseBroadcast(broadcast, aliveAtMs)),
    isPartial: isLost === "1",
    lease: lease === "" ? null : parseLease(`${roomId} ${lease}`),
    decision: decision === "" ? null : parseDecision(decision),
  };
}

function parseBroadcast(text: string, aliveAtMs: string): Pick<RoomRecord, "broadcast" | "aliveAtMs"> {
  const broadcast = BroadcastRecord.parse(JSON.parse(text));
  return { broadcast, aliveAtMs: aliveAtMs === "" ? null : Number(aliveAtMs) };
}

/** As `heartbeatArguments` writes it. */
const Advert = Heartbeat.pick({
  state: true,
  drain: true,
  busConnected: true,
  region: true,
  labels: true,
  group: true,
  version: true,
  networkLoad: true,
  capacity: true,
}).extend({
  cores: z.array(z.tuple([z.int(), z.number(), z.int(), z.int(), z.int(), z.literal([0, 1])])),
});

/** @returns The node, and the name by which a list goes on after it. */
export function parseNodeReply(reply: unknown): { name: string; status: NodeStatus } {
  const [name, lastBeatMs, advertText, debits] = NodeReply.parse(reply);
  const { cores: coreLists, ...about } = Advert.parse(JSON.parse(advertText));
  const debitOf = parseDebits(debits);
  const cores = coreLists.map(([core, cpuLoad, rooms, peers, consumers, usable]) => {
    const debitPpm = debitOf.get(core) ?? 0;
    const loadPpm = coreLoadPpm({ cpuPpm: toPpm(cpuLoad), debitPpm }, toPpm(about.networkLoad));
    const advert = CoreAdvert.parse({ core, cpuLoad, rooms, peers, consumers, usable: usable === 1 });
    return { ...advert, debit: fromPpm(debitPpm), load: fromPpm(loadPpm) };
  });
  const [nodeId = "", incarnation = ""] = name.split(" ");
  return { name, status: { nodeId, incarnation, ...about, cores, lastBeatMs: Number(lastBeatMs) } };
}

const LiveReply = z.tuple([Text, Text, Text]);

export function parseLiveReply(reply: unknown): LiveStatus {
  const [name, lastBeatMs, text] = LiveReply.parse(reply);
  const [nodeId, incarnation] = name.split(" ");
  return LiveStatus.parse({ ...JSON.parse(text), nodeId, incarnation, lastBeatMs: Number(lastBeatMs) });
}

/** @param text `core:ppm`, separated by spaces. */
function parseDebits(text: string): Map<number, number> {
  const entries = text.split(" ").filter((entry) => entry !== "");
  return new Map(
    entries.map((entry) => {
      const [core, ppm] = entry.split(":");
      return [Number(core), Number(ppm)];
    }),
  );
}

/** @param text `roomId nodeId incarnation core epoch`. */
function parseLease(text: string): Lease {
  const [roomId, nodeId, incarnation, core, epoch] = text.split(" ");
  return Lease.parse({ roomId, nodeId, incarnation, core: Number(core), epoch: Number(epoch) });
}

/** @param text `reason atMs`, then of each candidate `nodeId core loadPpm`. */
function parseDecision(text: string): PlacementDecision {
  const [reason, atMs, ...rest] = text.split(" ");
  const candidates = [];
  for (let index = 0; index < rest.length; index += 3) {
    const [nodeId, core, ppm] = rest.slice(index, index + 3);
    candidates.push({ nodeId, core: Number(core), load: fromPpm(Number(ppm)) });
  }
  return PlacementDecision.parse({ reason, atMs: Number(atMs), candidates });
}

function parseMutes(text: string): Mute[] {
  const mutes = Mutes.parse(text === "" ? [] : JSON.parse(text));
  return mutes.map(([identity, source]) => Mute.parse({ identity, source }));
}

function listOf<T>(text: string, toItem: (item: string) => T): T[] {
  return text === "" ? [] : text.split(";").map(toItem);
}
