import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerWith } from "@fairlead/server-process/metrics";
import type { Live } from "./live.ts";

export type HealthServer = { port: number; close(): Promise<void> };

/** `/livez` and `/readyz`, for supervisors and balancers, and `/metrics`. `live`: null while it is being started. */
export async function serveHealth(
  { host, port }: { host: string; port: number },
  live: () => Pick<Live, "whyNotReady" | "publishers"> | null,
  expose: (() => Promise<Response>) | null = null,
): Promise<HealthServer> {
  const server = createServer(({ url }, response) => {
    if (url === "/metrics" && expose) return void answerWith(response, expose);
    if (url === "/livez") return answer(response, 200, { status: "ok" });
    if (url !== "/readyz") return answer(response, 404, { status: "not_found" });
    const started = live();
    const reason = started ? started.whyNotReady() : "it is being started";
    if (reason !== null) return answer(response, 503, { status: "not_ready", reason });
    answer(response, 200, { status: "ready", publishers: started?.publishers() ?? 0 });
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
