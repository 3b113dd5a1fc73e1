import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerWith } from "@fairlead/server-process/metrics";
import type { Autoscaler } from "./loop/autoscaler.ts";

export type HealthServer = { port: number; close(): Promise<void> };
/** null while it is being started. */
export type HealthOf = () => Pick<Autoscaler, "standstill" | "whyNotReady" | "isScaling"> | null;

/** By path. */
export type Exposed = Record<string, () => Promise<Response>>;

/** `/livez` and `/readyz`, and what is exposed. One that waits for the role is ready too. */
export async function serveHealth(
  { host, port }: { host: string; port: number },
  autoscaler: HealthOf,
  exposed: () => Exposed = () => ({}),
): Promise<HealthServer> {
  const server = createServer(({ url = "" }, response) => {
    const expose = Object.entries(exposed()).find(([path]) => path === url)?.[1];
    if (expose) return void answerWith(response, expose);
    const started = autoscaler();
    if (url === "/livez") {
      const standstill = started?.standstill() ?? null;
      return standstill === null
        ? answer(response, 200, { status: "ok" })
        : answer(response, 503, { status: "standstill", standstill });
    }
    if (url !== "/readyz") return answer(response, 404, { status: "not_found" });
    const reason = started ? started.whyNotReady() : "it is being started";
    if (reason !== null) return answer(response, 503, { status: "not_ready", reason });
    answer(response, 200, { status: "ready", role: started?.isScaling ? "scales" : "waits" });
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
