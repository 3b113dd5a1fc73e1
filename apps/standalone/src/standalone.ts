import { isIPv6 } from "node:net";
import { createMemoryBus } from "@fairlead/bus/memory";
import { whyNoFfmpeg } from "@fairlead/live";
import { createMediaNode, lanAddresses, type MediaNode } from "@fairlead/media-node";
import { randomId } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { createSignaling } from "@fairlead/signaling";
import { serveSignaling } from "@fairlead/signaling-app/node";
import type { Logger } from "@fairlead/telemetry";
import { generateKeySet } from "@fairlead/tickets";
import { provideCertificate } from "./certificate.ts";
import type { Config } from "./config.ts";
import { addDemoRoutes } from "./demo-routes.ts";
import { offerRtmp } from "./offer-rtmp.ts";
import { addWebPage } from "./web-page.ts";

export type Standalone = {
  /** The meeting page, for a browser on this machine. */
  url: string;
  /** The same for other devices of the LAN. */
  lanUrls: string[];
  apiKey: string;
  /** `url`: null where RTMP is not offered. `note`: why not, or why at another port. */
  rtmp: { url: string | null; note: string | null };
  node: MediaNode;
  close(): Promise<void>;
};

/** A whole cluster in one process: signaling, one media node, the page, on the memory bus and registry. */
export async function startStandalone(config: Config, workerBin: string, log: Logger): Promise<Standalone> {
  const [ticketKeys, sessionKeys] = await Promise.all([generateKeySet(), generateKeySet()]);
  const bus = createMemoryBus({
    onHandlerError: (error, subject) => log.error("bus.handler_failed", { subject, error }),
  });
  const registry = createMemoryRegistry();
  const shared = { bus, registry, ticketKeys, sessionKeys, codecPolicy: config.codecPolicy, log };
  const apiKey = config.apiKey ?? randomId();
  const missing = whyNoFfmpeg(config.rtmp.ffmpeg);
  const node = await createMediaNode({ ...shared, workerBin, ...nodeOptions(config) });
  const scheme = config.isHttps ? "https" : "http";
  let lanUrls: string[] = [];
  const { live, note } = await offerRtmp(
    {
      ...{ bus, registry, workerBin, host: config.host, ...config.rtmp },
      hls: { url: `${HLS_PATH}/`, sessionKeys, ladder: config.hlsLadder },
      log: log.child({ part: "live" }),
    },
    await missing,
  ).catch(async (error) => {
    await node.close();
    throw error;
  });
  const rtmpUrl = live ? rtmpUrlBy(config, live.port) : undefined;
  try {
    const server = await serveSignaling({
      host: config.host,
      port: config.port,
      tls: config.isHttps ? await provideCertificate(lanAddresses()) : undefined,
      createApp: (runtime) => {
        const signaling = createSignaling({
          ...shared,
          ...runtime,
          apiKeys: [{ key: apiKey, scopes: ["admin"] }],
          publicUrl: config.publicUrl,
          rtmpUrl,
        });
        if (live?.hls) signaling.app.route(HLS_PATH, live.hls.app);
        addDemoRoutes(signaling.app, {
          ticketKeys,
          api: {
            ...IN_PROCESS,
            apiKey,
            fetch: async (url, init) => signaling.app.request(url, init, FROM_HERE),
          },
          rtmp: { urlAt: (origin) => rtmpUrl?.(origin) ?? null, note },
          isLan: config.isLan,
          isHttps: config.isHttps,
          lanUrls: () => lanUrls,
        });
        addWebPage(signaling.app);
        return signaling;
      },
    });
    lanUrls = lanAddressesOf(config.host).map((address) => `${scheme}://${address}:${server.port}`);
    const close = async () => {
      await live?.close();
      await server.close();
      await node.close();
      await registry.close();
      await bus.close();
    };
    const url = `${scheme}://${ownName(config.host)}:${server.port}`;
    const rtmp = { url: rtmpUrl?.(config.publicUrl ?? url) ?? null, note };
    return { url, lanUrls, apiKey, rtmp, node, close };
  } catch (error) {
    await live?.close();
    await node.close();
    throw error;
  }
}

/** Players find broadcasts there, at the API's own port. */
const HLS_PATH = "/hls";

/** @returns Where encoders send to: unless a setting says it, by the name that clients reach this computer by. */
function rtmpUrlBy({ rtmpUrl }: Config, port: number): (httpUrl: string) => string {
  return (httpUrl) => rtmpUrl ?? `rtmp://${new URL(httpUrl).hostname}:${port}/live`;
}

/** The demo asks the API as a back end does, but without a socket. */
const IN_PROCESS = { url: "http://localhost" };
/** As the Node adapter tells the app of a socket's other end. */
const FROM_HERE = {
  incoming: { socket: { remoteAddress: "127.0.0.1", remotePort: 0, remoteFamily: "IPv4" } },
};

const EVERY_ADDRESS = ["0.0.0.0", "::"];

/** What this computer's own browser calls the server that listens there. */
function ownName(host: string): string {
  if (EVERY_ADDRESS.includes(host)) return "localhost";
  return isIPv6(host) ? `[${host}]` : host;
}

function lanAddressesOf(host: string): string[] {
  return lanAddresses().filter((address) => EVERY_ADDRESS.includes(host) || address === host);
}

function nodeOptions(config: Config) {
  const { budgets, cores, graceMs, hooks, rtcBasePort, rtcTcpBasePort, rtp, turn } = config;
  const { listenAddresses, networkCapacityBps, networkInterfaces, pipePorts, homeLoad, fullLoad } = config;
  return {
    budgets,
    cores,
    graceMs,
    hooks,
    networkCapacityBps,
    pipePorts,
    homeLoad,
    fullLoad,
    networkInterfaces,
    rtcBasePort,
    rtcTcpBasePort,
    rtp,
    turn,
    listenAddresses,
  };
}
