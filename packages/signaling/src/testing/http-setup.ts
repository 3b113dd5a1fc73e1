import type { Bus } from "@fairlead/bus";
import type { Registry } from "@fairlead/registry";
import { type Logger, silentLogger } from "@fairlead/telemetry";
import { generateKeySet, type TicketKeys } from "@fairlead/tickets";
import type { UpgradeWebSocket } from "hono/ws";
import { hashApiKey } from "../http/api-key.ts";
import type { SignalingLimits } from "../limits.ts";
import { createSignaling } from "../signaling.ts";
import type { RateLimits, SignalingDependencies } from "../signaling-process.ts";
import { assertDocumented, type Document, readDocument } from "./assert-documented.ts";
import { startScriptedNode } from "./scripted-node.ts";

export const API_KEY = "key-of-admins";
const API_KEYS = [
  { key: "key-of-tickets", scopes: ["tickets" as const] },
  { key: "key-of-rooms", scopes: ["rooms" as const] },
  { key: "key-of-broadcasts", scopes: ["broadcasts" as const] },
  { key: "key-of-readers", scopes: ["read" as const] },
  {
    key: "key-of-acme",
    scopes: ["rooms" as const, "tickets" as const, "read" as const],
    roomPrefix: "acme-",
  },
  { key: "key-of-acmes-admin", scopes: ["admin" as const], roomPrefix: "acme-" },
  { key: API_KEY, scopes: ["admin" as const] },
  { hash: await hashApiKey("key-kept-as-hash"), scopes: ["tickets" as const] },
];

export type HttpSetup = {
  ticketKeys?: TicketKeys;
  now?: () => number;
  log?: Logger;
  rateLimits?: RateLimits;
  openings?: SignalingLimits["openings"];
  /** Of whoever asks. */
  address?: string;
  rtmpUrl?: SignalingDependencies["rtmpUrl"];
};

const noUpgrade: UpgradeWebSocket = (() => async (_c: unknown, next: () => Promise<void>) =>
  next()) as unknown as UpgradeWebSocket;

/** Of every app the same, and slow to make. */
let document: Promise<Document> | undefined;

/** A signaling app that answers `call` without a server, and only as its document says; and a node behind it. */
export async function setUpHttp(bus: Bus, registry: Registry, publicUrl?: string, given: HttpSetup = {}) {
  const sessionKeys = await generateKeySet();
  const { now = Date.now, log = silentLogger, rateLimits = {}, openings = null, address, rtmpUrl } = given;
  const ticketKeys = given.ticketKeys ?? (await generateKeySet());
  const signaling = createSignaling({
    bus,
    registry,
    ticketKeys,
    sessionKeys,
    log,
    rateLimits,
    apiKeys: API_KEYS,
    publicUrl,
    rtmpUrl,
    now,
    upgradeWebSocket: noUpgrade,
    clientAddress: () => address,
    limits: { readyTimeoutMs: 20, retryDelaysMs: [1], openings },
  });
  const node = await startScriptedNode(bus, registry);
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await signaling.app.request(path, {
      method,
      headers: {
        Authorization: `Bearer ${API_KEY}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    document ??= readDocument(signaling.app.request);
    await assertDocumented(await document, { method, path }, response);
    return response;
  };
  const place = (roomId: string) =>
    registry.place({ roomId, peer: { identity: "ann", ticketId: "ticket-of-ann" } });
  return { signaling, ticketKeys, sessionKeys, node, call, place };
}

/** @returns Status and error code of a refusal. */
export async function refusalOf(response: Response): Promise<[number, string]> {
  const body = (await response.json()) as { error: { code: string } };
  return [response.status, body.error.code];
}
