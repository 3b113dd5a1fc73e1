import {
  Broadcast,
  BroadcastPage,
  BroadcastWithKey,
  Capabilities,
  CapacityAnswer,
  ChangeBroadcast,
  ClientFrame,
  CreateBroadcast,
  CreateEgress,
  CreateIngest,
  closeCode,
  DrainAnswer,
  Egress,
  EgressList,
  EgressWithSdp,
  ERRORS,
  ErrorAnswer,
  ErrorCode,
  httpStatus,
  Ingest,
  IngestList,
  IngestWithKeys,
  isRetryable,
  JoinRequest,
  MuteRequest,
  NodePage,
  NodeStatus,
  OpenedSession,
  PeerPage,
  ReclaimAnswer,
  ReclaimRequest,
  RemoveRequest,
  RoomDetail,
  RoomOptions,
  RoomPage,
  RoomSummary,
  RotateKey,
  ServerFrame,
  SessionFrames,
  SessionReplies,
  SurplusListing,
  TicketAnswer,
  TicketRequest,
} from "@fairlead/protocol";
// For its effect too: it gives schemas their `openapi`.
import "@hono/zod-openapi";
import type { OpenAPIHono } from "@hono/zod-openapi";
import * as z from "zod";

const PublicKey = z.object({
  kty: z.enum(["OKP", "EC"]),
  crv: z.string(),
  x: z.string(),
  y: z.string().optional(),
  kid: z.string(),
  alg: z.enum(["EdDSA", "Ed25519", "ES256", "HS256"]),
  use: z.literal("sig"),
});

/** Protocol's schemas under the names that the document gives them. */
export const named = {
  Broadcast: name(Broadcast, "Broadcast"),
  BroadcastPage: name(BroadcastPage, "BroadcastPage"),
  BroadcastWithKey: name(BroadcastWithKey, "BroadcastWithKey"),
  Capabilities: name(Capabilities, "Capabilities"),
  CapacityAnswer: name(CapacityAnswer, "CapacityAnswer"),
  ChangeBroadcast: name(ChangeBroadcast, "ChangeBroadcast"),
  CreateBroadcast: name(CreateBroadcast, "CreateBroadcast"),
  CreateEgress: name(CreateEgress, "CreateEgress"),
  CreateIngest: name(CreateIngest, "CreateIngest"),
  DrainAnswer: name(DrainAnswer, "DrainAnswer"),
  Egress: name(Egress, "Egress"),
  EgressList: name(EgressList, "EgressList"),
  EgressWithSdp: name(EgressWithSdp, "EgressWithSdp"),
  ErrorAnswer: name(ErrorAnswer, "ErrorAnswer"),
  Ingest: name(Ingest, "Ingest"),
  IngestList: name(IngestList, "IngestList"),
  IngestWithKeys: name(IngestWithKeys, "IngestWithKeys"),
  JoinRequest: name(JoinRequest, "JoinRequest"),
  MuteRequest: name(MuteRequest, "MuteRequest"),
  NodePage: name(NodePage, "NodePage"),
  NodeStatus: name(NodeStatus, "NodeStatus"),
  OpenedSession: name(OpenedSession, "OpenedSession"),
  PeerPage: name(PeerPage, "PeerPage"),
  ReclaimAnswer: name(ReclaimAnswer, "ReclaimAnswer"),
  ReclaimRequest: name(ReclaimRequest, "ReclaimRequest"),
  RemoveRequest: name(RemoveRequest, "RemoveRequest"),
  RoomDetail: name(RoomDetail, "RoomDetail"),
  RoomOptions: name(RoomOptions, "RoomOptions"),
  RoomPage: name(RoomPage, "RoomPage"),
  RoomSummary: name(RoomSummary, "RoomSummary"),
  RotateKey: name(RotateKey, "RotateKey"),
  SessionFrames: name(SessionFrames, "SessionFrames"),
  SessionReplies: name(SessionReplies, "SessionReplies"),
  SurplusListing: name(SurplusListing, "SurplusListing"),
  TicketAnswer: name(TicketAnswer, "TicketAnswer"),
  TicketRequest: name(TicketRequest, "TicketRequest"),
  JwkSet: z.object({ keys: z.array(PublicKey) }).openapi("JwkSet"),
  Health: z.object({ status: z.literal("ok") }).openapi("Health"),
  Readiness: z
    .object({
      status: z.literal("ok"),
      registry: z.enum(["ok", "away"]),
      cause: z.string().optional().openapi({
        description:
          "Why the registry is away, e.g. `Redis: READONLY`, `Redis: ECONNREFUSED`. For people: it may change.",
      }),
    })
    .openapi("Readiness"),
} as const;

/** Adds what no route names: the frames of the WebSocket, the API key, and an example of every error. */
export function registerComponents({
  openAPIRegistry: registry,
}: Pick<OpenAPIHono, "openAPIRegistry">): void {
  registry.register("ClientFrame", ClientFrame.clone());
  registry.register("ServerFrame", ServerFrame.clone());
  registry.registerComponent("securitySchemes", "apiKey", {
    type: "http",
    scheme: "bearer",
    description:
      "An API key with one of the scopes that are named: `tickets` issues tickets; `read` sees rooms, peers, broadcasts, nodes, capacity and surplus; `rooms` is for " +
      "rooms, their peers, bans and RTP; `broadcasts` is for these; `admin` is for all. A key that is bound to a room prefix sees and changes rooms and " +
      "broadcasts whose ids begin with it, " +
      "and nothing of the cluster. " +
      "Keep it out of browsers.",
  });
  registry.registerComponent("securitySchemes", "sessionTicket", {
    type: "http",
    scheme: "bearer",
    description:
      "The session's ticket: of `openSession`, then always the latest that came by `streamEvents`.",
  });
  registry.registerComponent("securitySchemes", "streamKey", {
    type: "http",
    scheme: "bearer",
    description:
      "The stream key of a broadcast, as it was shown when the broadcast was created or its key rotated.",
  });
  registry.registerComponent("securitySchemes", "viewerTicket", {
    type: "http",
    scheme: "bearer",
    description: "A ticket of the role `viewer`, of `issueTicket`. Of a public broadcast none is needed.",
  });
  for (const code of ErrorCode.options.filter((each) => !ERRORS[each].ofClient))
    registry.registerComponent("examples", code, { summary: summaryOf(code), value: exampleOf(code) });
}

/** Only schemas made after `@hono/zod-openapi` was loaded can be named: a clone is, in whatever order modules load. */
function name<T extends z.ZodType>(schema: T, as: string): T {
  return schema.clone().openapi(as);
}

function summaryOf(code: ErrorCode): string {
  const close = closeCode(code);
  return `HTTP ${httpStatus(code)}${close === null ? "" : `, WebSocket close code ${close}`}`;
}

function exampleOf(code: ErrorCode): ErrorAnswer {
  const retry = isRetryable(code) && httpStatus(code) === 503 ? { retryAfterMs: 1_000 } : {};
  return { error: { code, message: code.replaceAll("_", " "), ...retry } };
}
