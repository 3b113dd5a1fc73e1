import { createMemoryBus } from "@fairlead/bus/memory";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import {
  createTicketKeys,
  exportKeySet,
  generateKeySet,
  importKeySet,
  issueTicket,
  type Jwks,
  publicJwks,
  verifyTicket,
} from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { refusalOf, setUpHttp } from "../testing/http-setup.ts";

async function setUp() {
  const sets = await Promise.all(
    (["ES256", "EdDSA", "HS256"] as const).map((alg) => generateKeySet({ alg })),
  );
  const exported = await Promise.all(sets.map(exportKeySet));
  const ticketKeys = await importKeySet({ keys: exported.flatMap(({ keys }) => keys) });
  const { call } = await setUpHttp(createMemoryBus(), createMemoryRegistry(), undefined, { ticketKeys });
  return { ticketKeys, read: () => call("GET", "/.well-known/jwks.json", undefined, { Authorization: "" }) };
}

describe("the public keys of tickets", () => {
  it("are a JWK Set without a private or symmetric key, which anybody may read and keep for 5 minutes", async () => {
    const { read } = await setUp();
    const response = await read();
    const text = await response.text();
    const { keys } = JSON.parse(text) as Jwks;
    expect(keys.map(({ alg }) => alg)).toEqual(["ES256", "EdDSA"]);
    expect(text).not.toMatch(/"[dk]"|oct/);
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=300");
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
  });

  it("are what another process verifies the cluster's tickets by, given their URL alone", async () => {
    const { ticketKeys, read } = await setUp();
    const elsewhere = createTicketKeys({ jwksUrls: ["https://signaling.test/"], fetch: read });
    const { ticket } = await issueTicket(ticketKeys, { room: "standup", identity: "ann" });
    expect((await verifyTicket(elsewhere, ticket)).sub).toBe("ann");
  });
});

describe("a cluster that only verifies tickets", () => {
  it("refuses to issue one with ticket_signer_missing", async () => {
    const ticketKeys = await importKeySet(publicJwks(await generateKeySet()));
    const { call } = await setUpHttp(createMemoryBus(), createMemoryRegistry(), undefined, { ticketKeys });
    const issuing = await call("POST", "/v1/rooms/standup/tickets", { identity: "ann" });
    expect(await refusalOf(issuing)).toEqual([501, "ticket_signer_missing"]);
  });
});
