import { createHash } from "node:crypto";
import { isIP } from "node:net";
import {
  EVERY_SOURCE,
  FairleadError,
  type Grants,
  httpStatus,
  isVisible,
  parse,
  RoomId,
  randomId,
  toErrorBody,
} from "@fairlead/protocol";
import { issueTicket, type KeySet } from "@fairlead/tickets";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";

const DemoTicketRequest = z.object({
  room: RoomId,
  name: z.string().trim().min(1).max(64).refine(isVisible, "nobody would see anything of it"),
  /** A secret of the page's: the same one gets the same identity. Others see the identity, so it is no secret itself. */
  person: z.string().min(16).max(64).optional(),
});

export type DemoOptions = { ticketKeys: KeySet; isLan: boolean; isHttps: boolean; lanUrls: () => string[] };

const EVERYTHING: Grants = {
  publish: [...EVERY_SOURCE],
  subscribe: true,
  data: true,
  moderate: true,
  moderateModerators: true,
};
const TTL_S = 600;
const BODY_LIMIT_BYTES = 4_096;

/**
 * Takes the place of an app's back end: gives every caller a ticket with every grant. For that reason it answers this computer
 * only, unless told otherwise.
 */
export function addDemoRoutes(app: Pick<Hono, "get" | "post">, options: DemoOptions): void {
  const { ticketKeys, isLan, isHttps, lanUrls } = options;
  app.get("/demo/info", (c) => c.json({ https: isHttps, lan: isLan, lanUrls: lanUrls() }));
  app.post("/demo/tickets", bodyLimit({ maxSize: BODY_LIMIT_BYTES }), async (c) => {
    try {
      assertAllowed(c, isLan);
      const { room, name, person } = parse(DemoTicketRequest, await c.req.json().catch(() => null));
      const { ticket } = await issueTicket(ticketKeys, {
        room,
        name,
        identity: person === undefined ? randomId() : identityOf(person),
        grants: EVERYTHING,
        ttlS: TTL_S,
      });
      return c.json({ ticket, url: new URL(c.req.url).origin });
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      return c.json({ error: toErrorBody(error) }, httpStatus(error.code) as ContentfulStatusCode);
    }
  });
}

function identityOf(person: string): string {
  return createHash("sha256").update(person).digest("base64url").slice(0, 22);
}

/**
 * Only pages of this server get tickets. Another site's page can't send JSON here, as no preflight is answered, and a name that
 * points at this machine (DNS rebinding) is refused because it is no address.
 */
function assertAllowed(c: Context, isLan: boolean): void {
  const { hostname } = new URL(c.req.url);
  const isOurName = hostname === "localhost" || isIP(hostname.replace(/^\[|\]$/g, "")) > 0;
  const isJson = c.req.header("content-type")?.startsWith("application/json") === true;
  if (!isOurName || !isJson)
    throw new FairleadError("grant_missing", { message: "open this server by its address, and send JSON" });
  if (!isLan && !isLoopback(getConnInfo(c).remote.address ?? "")) {
    throw new FairleadError("grant_missing", {
      message: "tickets are for this computer only; start with: npm start -- --lan",
    });
  }
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.replace(/^::ffff:/, "").startsWith("127.");
}
