import { FairleadError } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { SignalingContext } from "../context.ts";
import { named } from "../openapi/components.ts";
import { errorResponses, jsonOf } from "../openapi/error-responses.ts";
import type { Clients } from "../session/clients.ts";

const healthz = createRoute({
  method: "get",
  path: "/healthz",
  operationId: "checkHealth",
  tags: ["health"],
  security: [],
  summary: "The process lives",
  description: "Asks nobody else. For whoever restarts processes that hang.",
  responses: { 200: jsonOf(named.Health, "It does."), ...errorResponses() },
});

const readyz = createRoute({
  method: "get",
  path: "/readyz",
  operationId: "checkReadiness",
  tags: ["health"],
  security: [],
  summary: "The process can serve",
  description:
    "The bus is connected and no shutdown has begun. Without the registry a process serves running rooms and places new ones " +
    "by hash, so `registry: away` is told but takes nobody out of a load balancer: all processes would go at once.",
  responses: {
    200: jsonOf(named.Readiness, "It can."),
    ...errorResponses("bus_disconnected", "shutting_down"),
  },
});

export function addHealthRoutes(
  app: OpenAPIHono,
  { bus, registry, limits }: SignalingContext,
  clients: Clients,
): void {
  app.openapi(healthz, (c) => c.json({ status: "ok" as const }, 200));
  app.openapi(readyz, async (c) => {
    if (clients.isShuttingDown) throw new FairleadError("shutting_down");
    if (!bus.isConnected) throw new FairleadError("bus_disconnected");
    const hasRegistry = await within(limits.readyTimeoutMs, registry.ping());
    return c.json(
      { status: "ok" as const, registry: hasRegistry ? ("ok" as const) : ("away" as const) },
      200,
    );
  });
}

/** @returns Whether it came to pass, in time. */
async function within(ms: number, answer: Promise<void>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), ms);
  const answered = answer.then(
    () => true,
    () => false,
  );
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
}
