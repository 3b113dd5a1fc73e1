import { FairleadError, within } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { SignalingContext } from "../context.ts";
import { named } from "../openapi/components.ts";
import { errorResponses, jsonOf } from "../openapi/error-responses.ts";
import type { Clients } from "../session/clients.ts";

/** How long an answer of the registry stands for those after it. */
const REMEMBERED_MS = 1_000;

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
    "by hash, so `registry: away` is told but takes nobody out of a load balancer: all processes would go at once. The registry " +
    "is asked once a second at most, however many ask here.",
  responses: {
    200: jsonOf(named.Readiness, "It can."),
    ...errorResponses("bus_disconnected", "shutting_down"),
  },
});

export function addHealthRoutes(
  app: OpenAPIHono,
  { bus, registry, limits, now }: SignalingContext,
  clients: Clients,
): void {
  const answersInTime = () =>
    within(limits.readyTimeoutMs, registry.ping()).then(
      () => true,
      () => false,
    );
  const askRegistry = rememberFor(REMEMBERED_MS, now, answersInTime);
  app.openapi(healthz, (c) => c.json({ status: "ok" as const }, 200));
  app.openapi(readyz, async (c) => {
    if (clients.isShuttingDown) throw new FairleadError("shutting_down");
    if (!bus.isConnected) throw new FairleadError("bus_disconnected");
    const hasRegistry = await askRegistry();
    return c.json(
      { status: "ok" as const, registry: hasRegistry ? ("ok" as const) : ("away" as const) },
      200,
    );
  });
}

/** Anybody may ask for readiness, as often as he likes: that must not make as much work elsewhere. */
function rememberFor<T>(ms: number, now: () => number, ask: () => Promise<T>): () => Promise<T> {
  let last: { askedAtMs: number; answer: Promise<T> } | undefined;
  return () => {
    const isFresh = last !== undefined && Math.abs(now() - last.askedAtMs) < ms;
    if (!last || !isFresh) last = { askedAtMs: now(), answer: ask() };
    return last.answer;
  };
}
