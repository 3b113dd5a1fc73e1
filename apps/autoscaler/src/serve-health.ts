import { type OperatorServer, serveOperators } from "@fairlead/server-process/serve-operators";
import type { Autoscaler } from "./loop/autoscaler.ts";

/** null while it is being started. */
export type HealthOf = () => Pick<Autoscaler, "standstill" | "whyNotReady" | "isScaling"> | null;

/** By path. */
export type Exposed = Record<string, () => Promise<Response>>;

/** `/livez` and `/readyz`, and what is exposed. One that waits for the role is ready too. */
export function serveHealth(
  address: { host: string; port: number },
  autoscaler: HealthOf,
  exposed: () => Exposed = () => ({}),
): Promise<OperatorServer> {
  return serveOperators(address, (path) => {
    const expose = Object.entries(exposed()).find(([exposedAt]) => exposedAt === path)?.[1];
    if (expose) return expose();
    const started = autoscaler();
    if (path === "/livez") {
      const standstill = started?.standstill() ?? null;
      return standstill === null
        ? Response.json({ status: "ok" })
        : Response.json({ status: "standstill", standstill }, { status: 503 });
    }
    if (path !== "/readyz") return null;
    const reason = started ? started.whyNotReady() : "it is being started";
    if (reason !== null) return Response.json({ status: "not_ready", reason }, { status: 503 });
    return Response.json({ status: "ready", role: started?.isScaling ? "scales" : "waits" });
  });
}
