import { type ApiClientOptions, createApiClient } from "@fairlead/api-client";
import {
  type Broadcast,
  BroadcastSettings,
  ChangeBroadcast,
  EVERY_SOURCE,
  FairleadError,
  type Grants,
  parse,
  type Role,
  RoomId,
  randomId,
} from "@fairlead/protocol";
import { issueTicket, type KeySet } from "@fairlead/tickets";
import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import * as z from "zod";
import { answerDemo, BODY_LIMIT_BYTES } from "./demo-access.ts";
import { createDemoSecrets, type Right } from "./demo-secrets.ts";

/** How a back end reaches the API. */
export type BackEndApi = Pick<ApiClientOptions, "url" | "apiKey" | "fetch">;

export type DemoRtmp = {
  /** @param origin Of the page. @returns Where encoders send to; null: nowhere. */
  urlAt: (origin: string) => string | null;
  /** Why it is not offered, or not at the usual port; null: it is. */
  note: string | null;
};

type DemoBroadcastOptions = { ticketKeys: KeySet; api: BackEndApi; rtmp: DemoRtmp; isLan: boolean };

const Settings = {
  title: true,
  visibility: true,
  startsAtMs: true,
  endsAtMs: true,
  maxViewers: true,
} as const;
const Created = BroadcastSettings.pick(Settings);
const Secret = z.object({ secret: z.string().max(128) });
const Changed = Secret.extend(ChangeBroadcast.pick(Settings).shape);
/** `pass`: of a private broadcast's link. */
const Viewer = z.object({ pass: z.string().max(128).default("") });

/** Of the ids of the demo's broadcasts, so that no ticket for a meeting opens one. */
const ID_PREFIX = "broadcast-";

const WATCH: Grants = { publish: [], subscribe: true, data: false, moderate: false };
const PUBLISH: Grants = { ...WATCH, publish: [...EVERY_SOURCE] };
const TTL_S = 600;

/**
 * Takes the place of an app's back end for broadcasts. A broadcast is created for whoever asks, with a secret: those who have it run the
 * broadcast, and all others only watch, a private one by the pass that the studio gives away.
 */
export function addDemoBroadcastRoutes(app: Pick<Hono, "post">, options: DemoBroadcastOptions): void {
  const { ticketKeys, api, rtmp, isLan } = options;
  const { broadcasts } = createApiClient(api);
  const secrets = createDemoSecrets();

  const assertRight = (given: string, right: Right, broadcastId: string) => {
    if (!secrets.isValid(given, right, broadcastId))
      throw new FairleadError("ticket_invalid", { message: "this link gives no right to it" });
  };
  const ticketFor = async (broadcastId: string, grants: Grants, role?: Role) => {
    const request = { room: broadcastId, identity: randomId(), grants, role, ttlS: TTL_S };
    return (await issueTicket(ticketKeys, request)).ticket;
  };
  const add = <T>(what: string, schema: z.ZodType<T>, work: (asked: Asked<T>) => Promise<object>) =>
    app.post(`/demo/broadcasts/:broadcast/${what}`, bodyLimit({ maxSize: BODY_LIMIT_BYTES }), (c: Context) =>
      answerDemo(c, isLan, (body, origin) => {
        const broadcastId = parse(RoomId, c.req.param("broadcast"));
        return work({ broadcastId, origin, ...parse(schema, body) });
      }),
    );
  const addForStudio = (what: string, work: (asked: Asked<object>) => Promise<object>) =>
    add(what, Secret, ({ secret, ...asked }) => {
      assertRight(secret, "studio", asked.broadcastId);
      return work(asked);
    });
  const settingsOf = ({ broadcastId, title, visibility, startsAtMs, endsAtMs, maxViewers }: Broadcast) => ({
    ...{ title, visibility, startsAtMs, endsAtMs, maxViewers },
    pass: visibility === "private" ? secrets.of("watch", broadcastId) : null,
  });

  app.post("/demo/broadcasts", bodyLimit({ maxSize: BODY_LIMIT_BYTES }), (c) =>
    answerDemo(c, isLan, async (body) => {
      const wish = { ...parse(Created, body), broadcastId: `${ID_PREFIX}${randomId()}` };
      const { broadcastId, streamKey } = await broadcasts.create(wish);
      return { broadcastId, streamKey, secret: secrets.of("studio", broadcastId) };
    }),
  );
  addForStudio("studio", async ({ broadcastId, origin }) => {
    const broadcast = await broadcasts.read(broadcastId);
    return {
      ticket: await ticketFor(broadcastId, WATCH),
      url: origin,
      settings: settingsOf(broadcast),
      whipUrl: `${origin}/v1/broadcasts/${broadcastId}/whip`,
      rtmpUrl: rtmp.urlAt(origin),
      rtmpNote: rtmp.note,
    };
  });
  addForStudio("ingest", async ({ broadcastId }) => {
    const { publisher, refused, hls } = await broadcasts.read(broadcastId);
    return { publisher, refused, hls };
  });
  add("settings", Changed, async ({ secret, broadcastId, origin: _, ...changes }) => {
    assertRight(secret, "studio", broadcastId);
    return settingsOf(await broadcasts.change(broadcastId, changes));
  });
  addForStudio("publisher", async ({ broadcastId, origin }) => ({
    ticket: await ticketFor(broadcastId, PUBLISH),
    url: origin,
  }));
  addForStudio("key", async ({ broadcastId }) => {
    const { streamKey } = await broadcasts.rotateKey(broadcastId, { keepOldKey: false });
    return { streamKey };
  });
  addForStudio("end", async ({ broadcastId }) => {
    await broadcasts.end(broadcastId);
    return {};
  });
  add("viewer", Viewer, async ({ broadcastId, origin, pass }) => {
    const { title, visibility } = await broadcasts.read(broadcastId);
    if (visibility === "private") assertRight(pass, "watch", broadcastId);
    const ticket = await ticketFor(broadcastId, WATCH, "viewer");
    const path = `${origin}/v1/broadcasts/${broadcastId}`;
    return { ticket, url: origin, title, whepUrl: `${path}/whep`, hlsUrl: `${path}/hls` };
  });
}

/** @throws {FairleadError} `invalid_request` for a broadcast's room: only its studio gives rights to it. */
export function assertNoBroadcast(roomId: string): void {
  if (!roomId.startsWith(ID_PREFIX)) return;
  throw new FairleadError("invalid_request", { message: `no meeting's name begins with ${ID_PREFIX}` });
}

type Asked<T> = { broadcastId: string; origin: string } & T;
