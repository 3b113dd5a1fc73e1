import { describe, expect, it } from "vitest";
import { type JwksFailure, jwksFailure } from "./jwks-failure.ts";
import { generateKeySet } from "./key-set.ts";
import { issueTicket, verifyTicket } from "./room-ticket.ts";
import { createTicketKeys } from "./ticket-keys.ts";

const PLACE = "https://app.example:8443/jwks$&.json";
const URL_WITH_SECRETS = "HTTPS://user:pass-word@app.example:8443/jwks$&.json?key=s3cret#f";

describe("what is told of a JWKS URL that gives no keys", () => {
  it("is its origin and path, and why", () => {
    const { url, error } = jwksFailure(URL_WITH_SECRETS, new Error("the JWKS server answered 503"));
    expect([url, error.message]).toEqual([PLACE, "Error: the JWKS server answered 503"]);
  });

  // As Node words the one, and Deno the other.
  it.each([URL_WITH_SECRETS, new URL(URL_WITH_SECRETS).href])(
    "is nothing more, although a runtime's error says %s",
    (url) => {
      const cause = new Error(`error sending request for url (${url}): refused`);
      const { error } = jwksFailure(URL_WITH_SECRETS, new TypeError("fetch failed", { cause }));
      expect(error.message).toBe(
        `TypeError: fetch failed: error sending request for url (${PLACE}): refused`,
      );
      expect([error.cause, `${error.stack}`.includes("s3cret")]).toEqual([undefined, false]);
    },
  );

  it("is what listeners hear", async () => {
    const told: JwksFailure[] = [];
    const fetch = (url: string) => Promise.reject(new Error(`no way to ${url}`));
    const keys = createTicketKeys({ jwksUrls: [URL_WITH_SECRETS], fetch });
    keys.published?.onFailure((failure) => told.push(failure));
    const { ticket } = await issueTicket(await generateKeySet(), { room: "r", identity: "ann", ttlS: 60 });
    await expect(verifyTicket(keys, ticket)).rejects.toMatchObject({ code: "ticket_keys_unreachable" });
    expect(told).toEqual([{ url: PLACE, error: new Error(`Error: no way to ${PLACE}`) }]);
  });
});
