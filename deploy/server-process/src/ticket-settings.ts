import { RoomPrefix } from "@fairlead/protocol";
import { createTicketKeys, type TicketKeys } from "@fairlead/tickets";
import * as z from "zod";
import { SettingsError } from "./parse-settings.ts";
import * as setting from "./setting.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Keys that came by plain HTTP could be anybody's. A name or password in a URL is asked for by nothing that serves public keys. */
const JwksUrl = z.url({ protocol: /^https?$/, abort: true }).refine((text) => {
  const { protocol, hostname, username, password } = new URL(text);
  return username === "" && password === "" && (protocol === "https:" || LOOPBACK.has(hostname));
});

/** `URL`, or `PREFIX=URL` for keys that admit only to rooms whose ids begin with `PREFIX`. */
const BoundJwksUrl = z
  .string()
  .transform((text) => {
    const [, roomPrefix, url = text] = /^([A-Za-z0-9_-]{1,64})=(.*)$/.exec(text) ?? [];
    return { roomPrefix, url };
  })
  .pipe(z.object({ roomPrefix: RoomPrefix.or(z.undefined()), url: JwksUrl }))
  .transform(({ roomPrefix, url }) => (roomPrefix === undefined ? url : { roomPrefix, url }));

/** The settings by which signaling and media nodes verify tickets: the same for all of them. */
export const ticketSettings = {
  FAIRLEAD_TICKET_KEYS: setting.ticketKeySet(),
  // Not shown: a wrong one may have a password in it, and any a query that is one.
  FAIRLEAD_TICKET_JWKS_URLS: setting.secret(
    setting
      .listOf(BoundJwksUrl, "")
      .refine((urls) => urls.length <= 8)
      .default([]),
    "at most 8 https:// URLs (http:// on loopback) of JWK Sets, without user names, commas between, each alone or as PREFIX=URL for the rooms of PREFIX",
  ),
  FAIRLEAD_ISSUER: z.string().min(1).max(256).optional().describe("1 to 256 characters"),
};

export type TicketConfig = {
  ticketKeys: TicketKeys;
  /** The `iss` claim of all tickets; undefined: `fairlead`. */
  issuer: string | undefined;
};

/** @throws {SettingsError} No setting names keys that verify tickets. */
export function ticketConfig(given: z.output<z.ZodObject<typeof ticketSettings>>): TicketConfig {
  const { FAIRLEAD_TICKET_KEYS: own, FAIRLEAD_TICKET_JWKS_URLS: jwksUrls } = given;
  if (!own && jwksUrls.length === 0)
    throw new SettingsError([
      "Nothing verifies tickets: FAIRLEAD_TICKET_KEYS, FAIRLEAD_TICKET_JWKS_URLS or both must be set",
    ]);
  return { ticketKeys: createTicketKeys({ own, jwksUrls }), issuer: given.FAIRLEAD_ISSUER };
}
