import { createHash } from "node:crypto";
import { EVERY_SOURCE, type Grants, isVisible, parse, RoomId, randomId } from "@fairlead/protocol";
import { issueTicket, type KeySet } from "@fairlead/tickets";
import type { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import * as z from "zod";
import { answerDemo, BODY_LIMIT_BYTES } from "./demo-access.ts";
import {
  addDemoBroadcastRoutes,
  assertNoBroadcast,
  type BackEndApi,
  type DemoRtmp,
} from "./demo-broadcasts.ts";

const DemoTicketRequest = z.object({
  room: RoomId,
  name: z.string().trim().min(1).max(64).refine(isVisible, "nobody would see anything of it"),
  /** A secret of the page's: the same one gets the same identity. Others see the identity, so it is no secret itself. */
  person: z.string().min(16).max(64).optional(),
});

export type DemoOptions = {
  ticketKeys: KeySet;
  api: BackEndApi;
  rtmp: DemoRtmp;
  isLan: boolean;
  isHttps: boolean;
  lanUrls: () => string[];
};

const EVERYTHING: Grants = {
  publish: [...EVERY_SOURCE],
  subscribe: true,
  data: true,
  moderate: true,
  moderateModerators: true,
};
const TTL_S = 600;

/**
 * Takes the place of an app's back end: gives every caller a ticket with every grant. For that reason it answers this computer
 * only, unless told otherwise.
 */
export function addDemoRoutes(app: Pick<Hono, "get" | "post">, options: DemoOptions): void {
  const { ticketKeys, isLan, isHttps, lanUrls } = options;
  app.get("/demo/info", (c) => c.json({ https: isHttps, lan: isLan, lanUrls: lanUrls() }));
  app.post("/demo/tickets", bodyLimit({ maxSize: BODY_LIMIT_BYTES }), (c) =>
    answerDemo(c, isLan, async (body, origin) => {
      const { room, name, person } = parse(DemoTicketRequest, body);
      assertNoBroadcast(room);
      const { ticket } = await issueTicket(ticketKeys, {
        room,
        name,
        identity: person === undefined ? randomId() : identityOf(person),
        grants: EVERYTHING,
        ttlS: TTL_S,
      });
      return { ticket, url: origin };
    }),
  );
  addDemoBroadcastRoutes(app, options);
}

function identityOf(person: string): string {
  return createHash("sha256").update(person).digest("base64url").slice(0, 22);
}
