import { type ApiClientOptions, createApiClient } from "@fairlead/api-client";
import {
  BroadcastSettings,
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

type DemoBroadcastOptions = { ticketKeys: KeySet; api: BackEndApi; isLan: boolean };

const Created = BroadcastSettings.pick({ title: true, visibility: true });
const Secret = z.object({ secret: z.string().max(128) });
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
  const { ticketKeys, api, isLan } = options;
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

  app.post("/demo/broadcasts", bodyLimit({ maxSize: BODY_LIMIT_BYTES }), (c) =>
    answerDemo(c, isLan, async (body) => {
      const wish = { ...parse(Created, body), broadcastId: `${ID_PREFIX}${randomId()}` };
      const { broadcastId, streamKey } = await broadcasts.create(wish);
      return { broadcastId, streamKey, secret: secrets.of("studio", broadcastId) };
    }),
  );
  addForStudio("studio", async ({ broadcastId, origin }) => {
    const { title, visibility } = await broadcasts.read(broadcastId);
    const pass = visibility === "private" ? secrets.of("watch", broadcastId) : null;
    const ticket = await ticketFor(broadcastId, WATCH);
    return {
      ticket,
      url: origin,
      title,
      visibility,
      pass,
      whipUrl: `${origin}/v1/broadcasts/${broadcastId}/whip`,
    };
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
    return { ticket, url: origin, title, whepUrl: `${origin}/v1/broadcasts/${broadcastId}/whep` };
  });
}

/** @throws {FairleadError} `invalid_request` for a broadcast's room: only its studio gives rights to it. */
export function assertNoBroadcast(roomId: string): void {
  if (!roomId.startsWith(ID_PREFIX)) return;
  throw new FairleadError("invalid_request", { message: `no meeting's name begins with ${ID_PREFIX}` });
}

type Asked<T> = { broadcastId: string; origin: string } & T;
