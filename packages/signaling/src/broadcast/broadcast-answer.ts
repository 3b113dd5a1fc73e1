import {
  type Broadcast,
  type BroadcastPage,
  type BroadcastRecord,
  BroadcastSettings,
  currentState,
  type HomeFacts,
} from "@fairlead/protocol";
import type { FoundBroadcast } from "./find-broadcast.ts";

type Facts = {
  nowMs: number;
  /** Of this API, without a slash at the end. */
  url: string;
  /** Where encoders send to by RTMP; undefined: nowhere. */
  rtmpUrl?: string | undefined;
};
type Told = Omit<BroadcastRecord, "keyHashes">;

/** @returns A broadcast as a reader gets it: without its keys. */
export function toBroadcast(
  { roomId, record, home, counts, source }: FoundBroadcast,
  facts: Facts,
): Broadcast {
  const listed = toListed(roomId, record, home, facts);
  return {
    ...listed,
    viewers: counts?.viewers ?? 0,
    peakViewers: Math.max(listed.peakViewers, counts?.peakViewers ?? 0),
    publisher: counts?.publisher ?? null,
    ...(counts?.refused ? { refused: counts.refused } : {}),
    ...hlsOf(counts),
    ...(source ? { source } : {}),
  };
}

/** Where it is served is for viewers alone: they ask for it by themselves. */
function hlsOf(counts: FoundBroadcast["counts"]): Pick<Broadcast, "hls"> {
  if (!counts?.hls) return {};
  const { url: _, ...hls } = counts.hls;
  return { hls };
}

/** @returns The same without what its home alone knows. */
export function toListed(
  broadcastId: string,
  record: Told,
  home: HomeFacts,
  { nowMs, url, rtmpUrl }: Facts,
): BroadcastPage["broadcasts"][number] {
  const { run, createdAtMs, startedAtMs, peakViewers } = record;
  const path = `${url}/v1/broadcasts/${broadcastId}`;
  return {
    ...BroadcastSettings.parse(record),
    broadcastId,
    ...lifeOf(record, home, nowMs),
    run,
    createdAtMs,
    startedAtMs,
    peakViewers,
    urls: {
      whip: `${path}/whip`,
      whep: `${path}/whep`,
      hls: `${path}/hls`,
      ...(rtmpUrl === undefined ? {} : { rtmp: rtmpUrl }),
    },
  };
}

/** @returns The state that holds now and since when, whether anybody wrote so or not. */
export function lifeOf(
  record: Told,
  home: HomeFacts,
  nowMs: number,
): Pick<Broadcast, "state" | "interruptedAtMs" | "endedAtMs"> {
  const { interruptedAtMs, endedAtMs, endsAtMs, graceMs } = record;
  const { aliveAtMs } = home;
  const state = currentState({ ...record, keyHashes: [] }, home, nowMs);
  if (state === "interrupted") return { state, interruptedAtMs: interruptedAtMs ?? aliveAtMs, endedAtMs };
  if (state !== "ended" || record.state === "ended") return { state, interruptedAtMs, endedAtMs };
  const isPastEnd = endsAtMs !== null && nowMs >= endsAtMs;
  const givenUpAtMs = aliveAtMs === null ? null : aliveAtMs + graceMs;
  return { state, interruptedAtMs, endedAtMs: isPastEnd ? endsAtMs : givenUpAtMs };
}
