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
  summary: "The process lives",
  responses: { 200: jsonOf(named.Health, "It does."), ...errorResponses() },
});

const readyz = createRoute({
  method: "get",
  path: "/readyz",
  operationId: "checkReadiness",
  tags: ["health"],
  summary: "The process can serve",
  description: "The bus is connected, the registry answers within a second, and no shutdown has begun.",
  responses: {
    200: jsonOf(named.Health, "It can."),
    ...errorResponses("bus_disconnected", "registry_unreachable", "registry_cold", "shutting_down"),
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
    await within(limits.readyTimeoutMs, registry.ping());
    return c.json({ status: "ok" as const }, 200);
  });
}

async function within(ms: number, answer: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new FairleadError("registry_unreachable", { message: `no answer in ${ms} ms` })),
    ms,
  );
  try {
    await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
