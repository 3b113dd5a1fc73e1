import { describeFaults, FairleadError } from "@fairlead/protocol";
import { OpenAPIHono } from "@hono/zod-openapi";
import { limitApiKeys } from "./abuse/limit-requests.ts";
import { requireApiKey, requireRoom } from "./http/api-key.ts";
import { answerError } from "./http/error-answer.ts";
import { useMiddleware } from "./http/middleware.ts";
import { refuseUnmatched } from "./http/unmatched.ts";
import { addBanRoutes } from "./routes/bans.ts";
import { addBroadcastRoutes } from "./routes/broadcasts.ts";
import { addCapabilitiesRoute } from "./routes/capabilities.ts";
import { addCapacityRoute } from "./routes/capacity.ts";
import { addConnectRoute } from "./routes/connect.ts";
import { addDocumentationRoutes } from "./routes/documentation.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addHlsRoute } from "./routes/hls.ts";
import { addNodeRoutes } from "./routes/nodes.ts";
import { addPeerRoutes } from "./routes/peers.ts";
import { addRoomRoutes } from "./routes/rooms.ts";
import { addRtpRoutes } from "./routes/rtp.ts";
import { addSessionRoutes } from "./routes/sessions.ts";
import { addSurplusRoutes } from "./routes/surplus.ts";
import { addTicketRoutes } from "./routes/tickets.ts";
import { addWellKnownKeysRoute } from "./routes/well-known-keys.ts";
import { addSdpRoutes } from "./routes/whip.ts";
import { Clients } from "./session/clients.ts";
import { createProcess, type SignalingDependencies } from "./signaling-process.ts";

export type Signaling = {
  /** A Hono app. The caller may add routes of its own outside `/v1`. */
  app: OpenAPIHono;
  /** From now on `/readyz` says `shutting_down`, so that load balancers send no more clients. All else goes on. Idempotent. */
  announceShutdown(): void;
  /**
   * Refuses newcomers and closes every client's connection with `shutting_down`, so that they resume elsewhere; their
   * sessions live on. Resolves when what was said has left for the bus. Idempotent; bus and registry stay the caller's.
   */
  shutDown(): Promise<void>;
};

/** The stateless end of the cluster that browsers and back ends talk to, on any runtime with Web APIs. */
export function createSignaling(dependencies: SignalingDependencies): Signaling {
  const shared = createProcess(dependencies);
  const clients = new Clients(shared);
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      throw new FairleadError("invalid_request", { message: describeFaults(result.error.issues) });
    },
  });
  app.onError((error, c) => answerError(c, error, shared.log));
  app.notFound((c) => answerError(c, new FairleadError("not_found"), shared.log));
  addConnectRoute(app, shared, clients);
  useMiddleware(app, shared);
  addSdpRoutes(app, shared);
  addHlsRoute(app, shared);
  const authorize = requireApiKey(shared.apiKeys);
  for (const path of ["/v1/rooms/*", "/v1/broadcasts/*", "/v1/nodes/*", "/v1/capacity", "/v1/surplus/*"])
    app.use(path, authorize, limitApiKeys(shared));
  for (const path of ["/v1/rooms/:room/*", "/v1/broadcasts/:broadcast/*"]) app.use(path, requireRoom);
  addHealthRoutes(app, shared, clients);
  addCapabilitiesRoute(app, shared);
  addSessionRoutes(app, shared, clients);
  addTicketRoutes(app, shared);
  addWellKnownKeysRoute(app, shared);
  addRoomRoutes(app, shared);
  addPeerRoutes(app, shared);
  addBanRoutes(app, shared);
  addBroadcastRoutes(app, shared);
  addRtpRoutes(app, shared);
  addNodeRoutes(app, shared);
  addCapacityRoute(app, shared);
  addSurplusRoutes(app, shared);
  addDocumentationRoutes(app);
  refuseUnmatched(app);
  return { app, announceShutdown: () => clients.leave(), shutDown: () => clients.shutDown() };
}
