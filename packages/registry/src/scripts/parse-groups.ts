import { FairleadError } from "@fairlead/protocol";
import * as z from "zod";
import type { Holding } from "../registry.ts";
import type { Counts } from "../rules/capacity/counts.ts";
import type { GroupMoment, GroupRecord } from "../rules/capacity/group-capacity.ts";
import { SUM_NAMES, type Sums } from "../rules/capacity/share.ts";

const Text = z.string();
const Fields = z.array(Text);
const GroupReply = z.tuple([Text, Fields, Fields, Text, Text]);
const GroupsReply = z.union([
  z.tuple([z.literal("groups"), Text, Text, Text, z.array(GroupReply)]),
  z.tuple([z.literal("registry_cold"), Text]),
]);

/** @throws {FairleadError} `registry_cold`. */
export function parseGroupsReply(reply: unknown): { groups: GroupRecord[]; moment: GroupMoment } {
  const parsed = GroupsReply.parse(reply);
  if (parsed[0] === "registry_cold")
    throw new FairleadError("registry_cold", { retryAfterMs: Number(parsed[1]) });
  const [, nowMs, aliveFloorMs, roomCostPpm, groups] = parsed;
  return {
    groups: groups.map(parseGroup),
    moment: {
      nowMs: Number(nowMs),
      aliveFloorMs: Number(aliveFloorMs),
      roomCostPpm: Number(roomCostPpm),
    },
  };
}

function parseGroup([group, ofGroup, ofCounts, incarnation, share]: z.infer<typeof GroupReply>): GroupRecord {
  const { sums = "", sizes = "", belowSince = "", cameAt = "0" } = toRecord(ofGroup);
  const counts = toRecord(ofCounts);
  const largest = Array.from(sizes.matchAll(/(\d+):\d+/g), ([, cores]) => Number(cores));
  return {
    group,
    ...parseSums(sums.split(" ")),
    largestNodeCores: Math.max(0, ...largest),
    cameAtMs: Number(cameAt),
    belowSinceMs: belowSince === "" ? null : Number(belowSince),
    arrivals: parseCounts(counts, "a"),
    refusals: parseCounts(counts, "r"),
    refused: Number(counts.refused ?? 0),
    cheapest: incarnation === "" ? null : { incarnation, ...parseShare(share) },
  };
}

function parseSums(texts: readonly string[]): Sums {
  return Object.fromEntries(SUM_NAMES.map((name, index) => [name, Number(texts[index] ?? 0)])) as Sums;
}

/** `group nodeId`, the sums, rooms. */
function parseShare(text: string): { nodeId: string; rooms: number; peers: number } {
  const [, nodeId = "", ...numbers] = text.split(" ");
  return { nodeId, rooms: Number(numbers[SUM_NAMES.length]), peers: parseSums(numbers).peers };
}

/** @param what Of which count: the first letter of its fields, which hold a period's number and its count. */
function parseCounts(fields: Record<string, string>, what: string): Counts {
  const ring = Object.entries(fields).filter(([field]) => new RegExp(`^${what}\\d+$`).test(field));
  return new Map(
    ring.map(([, text]) => {
      const [period, count] = text.split(" ");
      return [Number(period), Number(count)];
    }),
  );
}

/** @param flat Fields and values in turns. */
function toRecord(flat: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let index = 0; index + 1 < flat.length; index += 2)
    record[flat[index] as string] = flat[index + 1] as string;
  return record;
}

export function parseHolding(reply: unknown): Holding {
  const [holder, untilMs] = z.tuple([Text, Text]).parse(reply);
  return { holder, untilMs: Number(untilMs) };
}
