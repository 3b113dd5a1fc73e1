import type { Broadcast } from "@fairlead/protocol";
import { issueTicket } from "@fairlead/tickets";
import { providePrograms } from "../../setup/provide-programs.ts";
import { launchChromium } from "../../support/chromium.ts";
import { type ProcessCluster, startProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { SdkPage } from "../../support/sdk-page/sdk-page.ts";
import {
  longestFrameMs,
  longestSilenceMs,
  publishTone,
  recordTone,
  recordWhile,
  silencesMs,
  TONE_BROWSER,
} from "../../support/tone-meeting.ts";
import { openWhepPage, takePictureTimesMs } from "../../support/whep-page.ts";
import { median, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { moveRooms } from "./move-rooms.ts";

const UNHEARD_MS = 10;
const FRAME_MS = 1_000 / 15;
/** A move and its overlap. */
const RECORDED_MS = 4_000;
const CALM_MS = 1_000;
/** A round whose quiet twin has a gap says nothing, and is repeated; so often at most. */
const REPEATS = 5;

type Round = { gapsMs: number[]; frames: number };

/** Drains the node of a room in which one hums and shows pictures, and one listens and looks, again and again; then one with many rooms. */
export async function runMoveBench(args: string[]): Promise<Record<string, unknown>> {
  const { rounds, rooms, broadcastRounds } = readCounts(args, { rounds: 20, rooms: 24, broadcastRounds: 5 });
  providePrograms(console.error, ["nats-server", "redis-server", "chromium"]);
  const cluster = await startProcessCluster({ name: "bench-move", nodes: [{}, {}] });
  try {
    const tone = await moveTone(cluster, rounds);
    const broadcast = await moveBroadcast(cluster, broadcastRounds);
    const many = await moveRooms(cluster, rooms);
    return { rounds, ...tone, ...broadcast, ...many };
  } finally {
    await cluster.close();
  }
}

async function moveTone(cluster: ProcessCluster, count: number) {
  const chromium = await launchChromium(TONE_BROWSER);
  try {
    const room = cluster.newRoom();
    const [ann, bob] = [await SdkPage.open(chromium.context), await SdkPage.open(chromium.context)];
    await ann.enter(cluster.url, await cluster.ticket(room, "ann"));
    await publishTone(ann.page);
    await bob.enter(cluster.url, await cluster.ticket(room, "bob"));
    await untilHeard(bob);
    await recordTone(bob.page);
    const { rounds, noisy } = await moveOften(cluster, { room, listener: bob, count });
    return report(rounds, noisy);
  } finally {
    await chromium.close();
  }
}

/** One hums to a broadcast by the SDK; one watches by the SDK, in one element for sound and picture; one by WHEP with our page's player. */
async function moveBroadcast(cluster: ProcessCluster, count: number) {
  const [whole, small] = await Promise.all([launchChromium(TONE_BROWSER), launchChromium()]);
  try {
    const about = { title: "A hum", visibility: "public" };
    const { broadcastId: room } = await cluster.api<Broadcast>("POST", "/v1/broadcasts", about);
    const { ticket: bearer } = await issueTicket(cluster.ticketKeys, {
      room,
      identity: "bob",
      role: "viewer",
    });
    const [ann, bob] = [await SdkPage.open(small.context), await SdkPage.open(whole.context)];
    await ann.enter(cluster.url, await cluster.ticket(room, "ann"));
    await publishTone(ann.page);
    await bob.enter(cluster.url, bearer);
    const url = `${cluster.url}/v1/broadcasts/${room}/whep`;
    const whep = await openWhepPage(small.context, { url, bearer });
    await untilHeard(bob);
    await recordTone(bob.page, { together: true });
    const awayMs: number[] = [];
    const afterRound = async () => void awayMs.push(Math.max(...(await takePictureTimesMs(whep))));
    const { rounds, noisy } = await moveOften(cluster, { room, listener: bob, count, afterRound });
    const gapsMs = rounds.flatMap((round) => round.gapsMs);
    return {
      broadcastRounds: rounds.length,
      broadcastNoisyRounds: noisy,
      broadcastAudioGapsOver10Ms: gapsMs.length,
      broadcastLongestAudioGapMs: Math.max(0, ...gapsMs),
      whepAwayP50Ms: Math.round(median(awayMs)),
      whepAwayMaxMs: Math.round(Math.max(...awayMs)),
    };
  } finally {
    await Promise.all([whole.close(), small.close()]);
  }
}

async function untilHeard({ page }: SdkPage): Promise<void> {
  await page.bringToFront();
  await page.waitForFunction(() => {
    const [peer] = window.sdk.rooms()[0]?.peers.values() ?? [];
    return peer?.tracks.size === 2;
  });
}

type Moved = { room: string; listener: SdkPage; count: number; afterRound?: () => Promise<void> };

async function moveOften(cluster: ProcessCluster, { room, listener, count, afterRound }: Moved) {
  await listener.page.waitForTimeout(CALM_MS);
  const rounds: Round[] = [];
  let noisy = 0;
  while (rounds.length < count && noisy < count * REPEATS) {
    const round = await moveOnce(cluster, room, listener);
    await afterRound?.();
    if (round) rounds.push(round);
    else noisy += 1;
  }
  return { rounds, noisy };
}

/** @returns null: without a move there was a gap too. */
async function moveOnce(cluster: ProcessCluster, room: string, listener: SdkPage): Promise<Round | null> {
  const quiet = await recordWhile(listener.page, RECORDED_MS);
  const node = (await cluster.room(room)).placement?.nodeId;
  const moved = await recordWhile(listener.page, RECORDED_MS, () =>
    cluster.api("POST", `/v1/nodes/${node}/drain`),
  );
  await cluster.api("DELETE", `/v1/nodes/${node}/drain`);
  await listener.page.waitForTimeout(CALM_MS);
  if (longestSilenceMs(quiet) > UNHEARD_MS) return null;
  return {
    gapsMs: silencesMs(moved).filter((ms) => ms > UNHEARD_MS),
    frames: (longestFrameMs(moved) - longestFrameMs(quiet)) / FRAME_MS,
  };
}

function report(rounds: readonly Round[], noisy: number) {
  const gapsMs = rounds.flatMap((round) => round.gapsMs);
  console.table(
    rounds.map(({ gapsMs: gaps, frames }) => ({ gapsMs: gaps.join(" "), frames: rounded(frames) })),
  );
  return {
    judgedRounds: rounds.length,
    noisyRounds: noisy,
    audioGapsOver10Ms: gapsMs.length,
    longestAudioGapMs: Math.max(0, ...gapsMs),
    videoGapMinusQuietFrames: rounded(median(rounds.map(({ frames }) => frames))),
  };
}
