import { createHmac } from "node:crypto";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { skipBecause } from "../support/skip-because.ts";
import { type Coturn, startCoturn, TURN_SECRET } from "../support/turn/start-coturn.ts";
import { TurnClient, type TurnCredentials } from "../support/turn/turn-client.ts";
import type { TurnTransport } from "../support/turn/turn-link.ts";

const NODE = "203.0.113.7";
const IPV6_NODES = "2001:db8::1-2001:db8::ff";
const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((some) => some?.address === "::1");

/** As a media node makes them: `apps/media-node/src/turn` and `ice.test.ts` have the tests of that. */
function credentialsFor(name: string, ttlS: number, secret = TURN_SECRET): TurnCredentials {
  const username = `${Math.floor(Date.now() / 1_000) + ttlS}:${name}`;
  return { username, credential: createHmac("sha1", secret).update(username).digest("base64") };
}

describe("coturn, configured as deploy/coturn says", () => {
  let coturn: Coturn;
  beforeAll(async () => {
    const relayAddresses = hasIpv6 ? ["::1"] : [];
    coturn = await startCoturn({ nodes: [NODE, IPV6_NODES], relayAddresses });
  });
  afterAll(() => coturn?.close());

  async function connect(
    credentials: TurnCredentials,
    transport: TurnTransport = "udp",
  ): Promise<TurnClient> {
    const { host, port, tlsPort } = coturn;
    const client = await TurnClient.open(
      { host, transport, port: transport === "tls" ? tlsPort : port },
      credentials,
    );
    onTestFinished(() => client.close());
    return client;
  }

  it.each(["udp", "tcp", "tls"] as const)(
    "gives a relay to fresh credentials, over %s",
    async (transport) => {
      const client = await connect(credentialsFor("peer", 60), transport);
      expect(await client.allocate()).toBe(200);
      expect(await client.permit(NODE)).toBe(200);
    },
  );

  it.each([
    ["expired", credentialsFor("peer", -1)],
    ["made with another secret", credentialsFor("peer", 60, "not-the-secret-of-this-server")],
    ["somebody else's", { ...credentialsFor("peer", 60), username: credentialsFor("other", 60).username }],
    ["given a later end", { ...credentialsFor("peer", -1), username: credentialsFor("peer", 60).username }],
  ])("refuses credentials that are %s", async (_, credentials) => {
    expect(await (await connect(credentials)).allocate()).toBe(401);
  });

  it("keeps a relay whose credentials have expired since: they are asked for when it begins", async () => {
    const credentials = credentialsFor("peer", 2);
    const client = await connect(credentials);
    expect(await client.allocate()).toBe(200);
    // Until a newcomer is refused with them.
    const newcomer = async () => (await connect(credentials)).allocate();
    await expect.poll(newcomer, { timeout: 10_000, interval: 250 }).toBe(401);
    expect(await client.refresh()).toBe(200);
    expect(await client.permit(NODE)).toBe(200);
  });

  it.each([
    ["a neighbour of the node", "203.0.113.8"],
    ["another host", "198.51.100.1"],
    ["a host inside", "10.0.0.1"],
    ["a cloud's metadata", "169.254.169.254"],
    ["loopback", "127.0.0.1"],
    ["all of loopback", "127.1.2.3"],
    ["no address", "0.0.0.0"],
    ["multicast", "224.0.0.1"],
    ["broadcast", "255.255.255.255"],
  ])("refuses a peer that is %s", async (_, address) => {
    const client = await connect(credentialsFor("peer", 60));
    expect(await client.allocate()).toBe(200);
    expect(await client.permit(address)).toBe(403);
  });

  describe("over IPv6", () => {
    it("permits media nodes, and refuses everything else", async (test) => {
      skipBecause(hasIpv6 ? null : "there is no IPv6 here", test);
      const client = await connect(credentialsFor("peer", 60));
      expect(await client.allocate({ family: 6 })).toBe(200);
      expect(await client.permit("2001:db8::7")).toBe(200);
      const strangers = [
        "2001:db8::100",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:7f00:1",
        "::ffff:cb00:7107",
      ];
      for (const address of strangers)
        expect([address, await client.permit(address)]).toEqual([address, 403]);
    });
  });

  it("gives one identity so many relays and no more, however often it joins", async () => {
    const quota = 64;
    const codes: number[] = [];
    for (let relays = 0; relays <= quota; relays++)
      codes.push(await (await connect(credentialsFor("greedy", 60 + relays))).allocate());
    // 486: Allocation Quota Reached.
    expect(codes).toEqual([...Array(quota).fill(200), 486]);
    expect(await (await connect(credentialsFor("modest", 60))).allocate()).toBe(200);
  });

  it("keeps the secret out of its log", () => {
    expect(coturn.log.join("\n")).toContain("peer");
    expect(coturn.log.join("\n")).not.toContain(TURN_SECRET);
  });
});
