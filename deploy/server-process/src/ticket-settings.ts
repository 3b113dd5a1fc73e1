import { createTicketKeys, type TicketKeys } from "@fairlead/tickets";
import * as z from "zod";
import { SettingsError } from "./parse-settings.ts";
import * as setting from "./setting.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Keys that came by plain HTTP could be anybody's. */
const JwksUrl = z.url({ protocol: /^https?$/, abort: true }).refine((text) => {
  const { protocol, hostname, username } = new URL(text);
  return username === "" && (protocol === "https:" || LOOPBACK.has(hostname));
});

/** What signaling and media nodes verify tickets by: the same for all of them. */
export const ticketSettings = {
  FAIRLEAD_TICKET_KEYS: setting.ticketKeySet(),
  FAIRLEAD_TICKET_JWKS_URLS: setting
    .listOf(JwksUrl, "")
    .refine((urls) => urls.length <= 8)
    .default([])
    .describe("at most 8 https:// URLs (http:// on loopback) of JWK Sets, commas between"),
  FAIRLEAD_ISSUER: z.string().min(1).max(256).optional().describe("1 to 256 characters"),
};

export type TicketConfig = {
  ticketKeys: TicketKeys;
  /** `iss` of all tickets; undefined: `fairlead`. */
  issuer: string | undefined;
};

/** @throws {SettingsError} There is nothing to verify tickets by. */
export function ticketConfig(given: z.output<z.ZodObject<typeof ticketSettings>>): TicketConfig {
  const { FAIRLEAD_TICKET_KEYS: own, FAIRLEAD_TICKET_JWKS_URLS: jwksUrls } = given;
  if (!own && jwksUrls.length === 0)
    throw new SettingsError([
      "Nothing verifies tickets: FAIRLEAD_TICKET_KEYS, FAIRLEAD_TICKET_JWKS_URLS or both must be set",
    ]);
  return { ticketKeys: createTicketKeys({ own, jwksUrls }), issuer: given.FAIRLEAD_ISSUER };
}
