import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { BroadcastWithKey } from "@fairlead/protocol";
import { providePrograms } from "../../setup/provide-programs.ts";
import { launchChromium } from "../../support/chromium.ts";
import { servePage } from "../browser/serve-page.ts";
import { type RunningStandalone, startStandalone } from "../processes/start-standalone.ts";
import { median, quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { type CountedPush, pushCounted, recordCounted } from "../rtmp/counted-stream.ts";
import { type FirstTimes, firstRendition, readPlaylist, timeFirsts } from "./first-times.ts";
import { type Watched, watch } from "./glass-to-glass.ts";
import { type NginxRtmp, startNginxRtmp } from "./nginx-rtmp.ts";
import { cpuPercentsDuring } from "./process-tree.ts";

const DEFAULTS = { rounds: 10, seconds: 60, cpuSeconds: 20 };
const SETTLE_MS = 3_000;
const ENV = {
  ...{ FAIRLEAD_CORES: "1", FAIRLEAD_RTMP_PORT: "0" },
  ...{ FAIRLEAD_LIMIT_ADDRESS: "off", FAIRLEAD_LIMIT_ROOM: "off" },
};

type Name = "ours" | "nginxRtmp";
/** Where an encoder sends to, and what reads the media playlist that becomes of it: null, there is none. */
type Stream = { pushUrl: string; read: () => Promise<string | null>; end: () => Promise<void> };
type Servers = Record<Name, { pid: number; openStream(): Promise<Stream> }>;

/** RTMP in, HLS out, by `npm start` and by nginx: how soon there is something to watch, how old it is, and CPU. */
export async function runHlsBench(args: string[]): Promise<Record<string, unknown>> {
  const { rounds, seconds, cpuSeconds } = readCounts(args, DEFAULTS);
  providePrograms(() => {}, ["ffmpeg", "chromium-headless-shell", "nginx-rtmp"]);
  const folder = mkdtempSync(join(tmpdir(), "fairlead-hls-"));
  const file = join(folder, "counted.flv");
  await recordCounted(file);
  const product = await startStandalone(ENV);
  const nginx = await startNginxRtmp();
  try {
    const servers: Servers = {
      ours: { pid: product.pid, openStream: () => openOurs(product) },
      nginxRtmp: { pid: nginx.pid, openStream: () => openNginx(nginx) },
    };
    const firsts = await measureFirsts(servers, file, rounds);
    const cpuPercent = await measureCpu(servers, file, cpuSeconds);
    const watched = await measureAges(product, file, seconds);
    return sumUp(firsts, cpuPercent, watched);
  } finally {
    await Promise.all([product.close(), nginx.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function createBroadcast({ url, apiKey }: RunningStandalone): Promise<BroadcastWithKey> {
  const response = await fetch(`${url}/v1/broadcasts`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ visibility: "public" }),
  });
  if (!response.ok) throw new Error(`no broadcast: ${response.status} ${await response.text()}`);
  return (await response.json()) as BroadcastWithKey;
}

/** Where encoders send to. */
function pushUrlOf({ urls, streamKey }: BroadcastWithKey): string {
  if (urls.rtmp === undefined) throw new Error("npm start takes no RTMP in: is there an ffmpeg?");
  return `${urls.rtmp}/${streamKey}`;
}

async function openOurs(product: RunningStandalone): Promise<Stream> {
  const broadcast = await createBroadcast(product);
  let address: string | null = null;
  return {
    pushUrl: pushUrlOf(broadcast),
    // As a player does: the viewing session, its multivariant playlist, the rendition's own.
    read: async () => {
      const multivariant = address === null ? await readPlaylist(broadcast.urls.hls ?? "") : null;
      address ??= multivariant && firstRendition(multivariant.text, multivariant.url);
      return address === null ? null : ((await readPlaylist(address))?.text ?? null);
    },
    end: async () => {
      const headers = { authorization: `Bearer ${product.apiKey}` };
      await fetch(`${product.url}/v1/broadcasts/${broadcast.broadcastId}`, { method: "DELETE", headers });
    },
  };
}

let streams = 0;

async function openNginx(nginx: NginxRtmp): Promise<Stream> {
  streams += 1;
  const name = `stream-${streams}`;
  return {
    pushUrl: `${nginx.rtmpUrl}/${name}`,
    read: async () => (await readPlaylist(nginx.playlistOf(name)))?.text ?? null,
    end: async () => {},
  };
}

/** One at a time, in turns: both have the machine for themselves, and neither always comes first. */
async function measureFirsts(
  servers: Servers,
  file: string,
  rounds: number,
): Promise<Record<Name, FirstTimes[]>> {
  const times: Record<Name, FirstTimes[]> = { ours: [], nginxRtmp: [] };
  const names: Name[] = ["ours", "nginxRtmp"];
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const stream = await servers[name].openStream();
      const startedAtMs = performance.now();
      const push = pushCounted(file, stream.pushUrl);
      try {
        times[name].push(await timeFirsts(startedAtMs, stream.read));
      } finally {
        await push.stop();
        await stream.end();
      }
    }
  }
  return times;
}

/** Both have one publisher each and no viewers, at the same time. */
async function measureCpu(servers: Servers, file: string, seconds: number): Promise<Record<Name, number>> {
  const streams = await Promise.all(Object.values(servers).map((server) => server.openStream()));
  const pushes = streams.map(({ pushUrl }) => pushCounted(file, pushUrl));
  try {
    await pause(SETTLE_MS);
    const pids = { ours: servers.ours.pid, nginxRtmp: servers.nginxRtmp.pid };
    return await cpuPercentsDuring(pids, () => pause(seconds * 1_000));
  } finally {
    await Promise.all(pushes.map((push) => push.stop()));
    await Promise.all(streams.map((stream) => stream.end()));
  }
}

type BothWays = { lowLatency: Watched; plain: Watched };

async function measureAges(product: RunningStandalone, file: string, seconds: number): Promise<BothWays> {
  const broadcast = await createBroadcast(product);
  const push: CountedPush = pushCounted(file, pushUrlOf(broadcast));
  const page = await servePage(join(import.meta.dirname, "hls-page.ts"));
  const chromium = await launchChromium();
  try {
    await pause(SETTLE_MS);
    const { url: playlist } = (await readPlaylist(broadcast.urls.hls ?? "")) ?? { url: "" };
    const watching = { context: chromium.context, pageUrl: page.url, playlist, push };
    return {
      lowLatency: await watch(watching, { isLowLatency: true, seconds }),
      plain: await watch(watching, { isLowLatency: false, seconds }),
    };
  } finally {
    await Promise.all([push.stop(), chromium.close()]);
    page.close();
  }
}

function sumUp(firsts: Record<Name, FirstTimes[]>, cpuPercent: Record<Name, number>, watched: BothWays) {
  const middle = (name: Name, time: keyof FirstTimes) =>
    rounded(median(firsts[name].map((each) => each[time])));
  const bothOf = (time: keyof FirstTimes) => ({
    ours: middle("ours", time),
    nginxRtmp: middle("nginxRtmp", time),
  });
  const [firstPlaylistMs, firstSegmentMs] = [bothOf("firstPlaylistMs"), bothOf("firstSegmentMs")];
  console.table({
    "first playlist, ms": rowOf(firstPlaylistMs, firsts, "firstPlaylistMs"),
    "first segment, ms": rowOf(firstSegmentMs, firsts, "firstSegmentMs"),
    "CPU of one publisher, % of a core": rowOf(cpuPercent),
  });
  console.table(
    Object.fromEntries(
      Object.entries(watched).map(([way, { agesMs, standstills, playerLatencyMs, errors }]) => [
        `glass to glass, ms: ${way}`,
        {
          ...{ p50: rounded(quantile(agesMs, 0.5)), p95: rounded(quantile(agesMs, 0.95)) },
          ...{ pictures: agesMs.length, standstills, byPlayer: Math.round(playerLatencyMs) },
          errors: [...new Set(errors)].join(" "),
        },
      ]),
    ),
  );
  return {
    firstPlaylistMs,
    firstSegmentMs,
    llGlassToGlassP50Ms: rounded(quantile(watched.lowLatency.agesMs, 0.5)),
    plainGlassToGlassP50Ms: rounded(quantile(watched.plain.agesMs, 0.5)),
    cpuPercent: { ours: rounded(cpuPercent.ours), nginxRtmp: rounded(cpuPercent.nginxRtmp) },
  };
}

function rowOf(both: Record<Name, number>, firsts?: Record<Name, FirstTimes[]>, time?: keyof FirstTimes) {
  const each = (name: Name) =>
    firsts && time
      ? { [`each, ${name}`]: firsts[name].map((times) => Math.round(times[time])).join(" ") }
      : {};
  const { ours, nginxRtmp } = both;
  return {
    ours: rounded(ours),
    nginxRtmp: rounded(nginxRtmp),
    ratio: rounded(ours / nginxRtmp),
    ...each("ours"),
    ...each("nginxRtmp"),
  };
}
