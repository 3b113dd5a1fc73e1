import { type OperatorServer, serveOperators } from "@fairlead/server-process/serve-operators";
import type { Live } from "./live.ts";

/** `/livez` and `/readyz`, for supervisors and balancers, and `/metrics`. `live`: null while it is being started. */
export function serveHealth(
  address: { host: string; port: number },
  live: () => Pick<Live, "whyNotReady" | "publishers"> | null,
  expose: (() => Promise<Response>) | null = null,
): Promise<OperatorServer> {
  return serveOperators(address, (path) => {
    if (path === "/metrics" && expose) return expose();
    if (path === "/livez") return Response.json({ status: "ok" });
    if (path !== "/readyz") return null;
    const started = live();
    const reason = started ? started.whyNotReady() : "it is being started";
    if (reason !== null) return Response.json({ status: "not_ready", reason }, { status: 503 });
    return Response.json({ status: "ready", publishers: started?.publishers() ?? 0 });
  });
}
