import { createHlsApp, type HlsApp } from "@fairlead/hls";
import type { HlsOrder } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { createMemorySegments } from "@fairlead/segments/memory";
import { clientAddressOf } from "@fairlead/signaling";
import type { Logger } from "@fairlead/telemetry";
import type { KeySet } from "@fairlead/tickets";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";
import type { Rung } from "../encoder/hls-plan.ts";
import { Packager, type PackagerOptions } from "../packaging/packager.ts";
import { createHlsAccess } from "./create-hls-access.ts";
import { KnownOrders } from "./known-orders.ts";

export type LiveHlsOptions = {
  /** Below it all is served; ends with `/`. Without a host: at the same one as the API. */
  url: string;
  /** By which view tickets are verified. */
  sessionKeys: KeySet;
  /** Renditions besides the source. */
  ladder: readonly Rung[];
  /** In a row, that add to `X-Forwarded-For`. */
  trustedProxies?: number;
};

export type NewPackager = Pick<PackagerOptions, "broadcastId" | "isTranscoded"> & { order?: HlsOrder };

/** The HLS of one process: what its packagers make, and the app that serves it. */
export type LiveHls = Pick<HlsApp, "app" | "viewersOf"> & {
  createPackager(options: NewPackager): Packager;
  close(): Promise<void>;
};

export function createLiveHls(
  { url, sessionKeys: keys, ladder, trustedProxies = 0 }: LiveHlsOptions,
  { registry, log }: { registry: Pick<Registry, "describeRoom">; log: Logger },
): LiveHls {
  const segments = createMemorySegments();
  const elapsed = () => performance.now();
  const orders = new KnownOrders();
  const asksAboutViewers = (broadcastId: string) => orders.asksAboutViewers(broadcastId);
  const access = createHlsAccess({ registry, segments, keys, asksAboutViewers, now: Date.now, elapsed });
  const source = { clientAddress: (c: Context) => getConnInfo(c).remote.address, trustedProxies };
  const served = createHlsApp({
    ...{ segments, access, log },
    clientAddress: (c) => clientAddressOf(c, source) ?? "",
  });
  return {
    app: served.app,
    viewersOf: served.viewersOf,
    createPackager: ({ broadcastId, isTranscoded, order = null }) =>
      new Packager({
        ...{ broadcastId, isTranscoded, order, segments, log, now: Date.now, elapsed },
        url: `${url}${broadcastId}/`,
        onOrder: (told) => orders.note(broadcastId, told),
        viewers: () => served.viewersOf(broadcastId),
        rungs: ladder.map(({ name }) => name),
      }),
    close: async () => {
      served.close();
      await segments.close();
    },
  };
}
