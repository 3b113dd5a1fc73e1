import { FairleadError, within } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { named } from "../openapi/components.ts";
import { errorResponses, jsonOf } from "../openapi/error-responses.ts";
import type { Clients } from "../session/clients.ts";
import type { SignalingProcess } from "../signaling-process.ts";

/** For this long an answer of the registry also answers later requests. */
const REMEMBERED_MS = 1_000;

const healthz = createRoute({
  method: "get",
  path: "/healthz",
  operationId: "checkHealth",
  tags: ["health"],
  security: [],
  summary: "The process lives",
  description: "Asks no other process. For a supervisor that restarts processes that hang.",
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
    "The bus is connected and no shutdown has begun: it says `shutting_down` for a while before anything closes. While the registry takes no writes, a process serves running rooms and places " +
    "new ones by hash. So `registry: away` comes with status 200 and takes no process out of a load balancer: all would leave at " +
    "once. `cause` says why it is away. The registry is asked once a second at most, however many ask here.",
  responses: {
    200: jsonOf(named.Readiness, "It can."),
    ...errorResponses("bus_disconnected", "shutting_down"),
  },
});

export function addHealthRoutes(
  app: OpenAPIHono,
  { bus, registry, limits, now }: SignalingProcess,
  clients: Clients,
): void {
  const causeOfAbsence = rememberFor(REMEMBERED_MS, now, () => failureOf(registry, limits.readyTimeoutMs));
  app.openapi(healthz, (c) => c.json({ status: "ok" as const }, 200));
  app.openapi(readyz, async (c) => {
    if (clients.isLeaving) throw new FairleadError("shutting_down");
    if (!bus.isConnected) throw new FairleadError("bus_disconnected");
    const cause = await causeOfAbsence();
    const absence = cause === null ? { registry: "ok" as const } : { registry: "away" as const, cause };
    return c.json({ status: "ok" as const, ...absence }, 200);
  });
}

/** Anybody may ask for readiness as often as they like. That must not cost the registry as many questions. */
function rememberFor<T>(ms: number, now: () => number, ask: () => Promise<T>): () => Promise<T> {
  let last: { askedAtMs: number; answer: Promise<T> } | undefined;
  return () => {
    const isFresh = last !== undefined && Math.abs(now() - last.askedAtMs) < ms;
    if (!last || !isFresh) last = { askedAtMs: now(), answer: ask() };
    return last.answer;
  };
}

/** @returns Why the registry takes no writes, or null if it does. */
async function failureOf(registry: Registry, timeoutMs: number): Promise<string | null> {
  try {
    await within(timeoutMs, registry.ping());
    return null;
  } catch (error) {
    return error instanceof FairleadError ? error.message : `no answer within ${timeoutMs} ms`;
  }
}
