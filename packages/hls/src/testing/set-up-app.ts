import { FairleadError } from "@fairlead/protocol";
import type { Piece } from "@fairlead/segments";
import { createMemorySegments } from "@fairlead/segments/memory";
import { silentLogger } from "@fairlead/telemetry";
import { createHlsApp, type HlsAppOptions } from "../create-hls-app.ts";

export const TOKEN = "header.claims.signature";

/** The app over a memory of segments, in which the broadcast `show` may be watched with any token but `wrong`, and `open` without one. */
export function setUpApp(options: Partial<HlsAppOptions> = {}) {
  const segments = createMemorySegments();
  const hls = createHlsApp({
    segments,
    access: {
      check: async (broadcastId, token) => {
        if (broadcastId !== "show" && broadcastId !== "open") throw new FairleadError("broadcast_not_found");
        if (token === "wrong" || (token === null && broadcastId !== "open"))
          throw new FairleadError("ticket_invalid");
        return { viewId: token ?? "", isAdmitted: !token?.startsWith("p-") };
      },
    },
    clientAddress: (c) => c.req.header("X-Address") ?? "192.0.2.1",
    log: silentLogger,
    ...options,
  });
  const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    hls.app.request(`/show/t/${TOKEN}/${path}`, { ...init, headers });
  return {
    ...hls,
    segments,
    get,
    write: async (...pieces: Piece[]) => {
      for (const piece of pieces) await segments.write("show", piece);
    },
    close: async () => {
      hls.close();
      await segments.close();
    },
  };
}
