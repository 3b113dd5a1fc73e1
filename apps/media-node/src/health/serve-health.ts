import type { AddressInfo } from "node:net";
import { FairleadError, httpStatus, toErrorBody } from "@fairlead/protocol";
import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { NodeHealth } from "./node-health.ts";

/** Of the node that is being started, none yet. */
export type HealthOf = () => Pick<NodeHealth, "standstill" | "readiness"> | null;

export type HealthServer = { url: string; close(): Promise<void> };

/** Answers Prometheus. */
export type Expose = () => Promise<Response>;

/** What supervisors and Prometheus ask a media node. It tells nothing that is secret, and yet is nobody else's business. */
export function createHealthApp(health: HealthOf, expose: Expose | null = null): Hono {
  const app = new Hono();
  if (expose) app.get("/metrics", () => expose());
  app.get("/livez", (c) => {
    const standstill = health()?.standstill() ?? null;
    return standstill === null ? c.json({ status: "ok" }) : c.json({ status: "standstill", standstill }, 503);
  });
  app.get("/readyz", (c) => {
    const node = health();
    if (!node) throw new FairleadError("no_capacity", { message: "the node is being started" });
    return c.json(node.readiness());
  });
  app.onError((error, c) => {
    const body = toErrorBody(error);
    return c.json({ error: body }, httpStatus(body.code) as ContentfulStatusCode);
  });
  return app;
}

/** @throws {Error} With the system's `code`, e.g. `EADDRINUSE`, when it can't listen. */
export async function serveHealth(
  host: string,
  port: number,
  health: HealthOf,
  expose: Expose | null = null,
): Promise<HealthServer> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>();
  const { fetch } = createHealthApp(health, expose);
  const server: ServerType = serve({ fetch, hostname: host, port }, resolve);
  server.once("error", reject);
  const { port: actual } = await promise;
  const close = async () => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  };
  return { url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`, close };
}
