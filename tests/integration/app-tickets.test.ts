import { randomUUID } from "node:crypto";
import { generateKeySet, type KeySet } from "@fairlead/tickets";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { type JwksServer, startJwksServer } from "../support/servers/start-jwks-server.ts";

const [first, second, third] = await Promise.all([
  generateKeySet({ alg: "ES256" }),
  generateKeySet(),
  generateKeySet({ alg: "ES256" }),
]);

let jwks: JwksServer;
let cluster: ProcessCluster;
/** Two signaling processes and a node, none of which has a key of tickets. */
beforeAll(async () => {
  jwks = await startJwksServer(first);
  const env = { FAIRLEAD_TICKET_KEYS: "", FAIRLEAD_TICKET_JWKS_URLS: jwks.url };
  cluster = await startProcessCluster({ name: "app-tickets", signaling: 2, nodes: 1, env });
});
afterAll(async () => {
  await cluster?.close();
  await jwks?.close();
});

type Claims = { room: string; sub: string; jti?: string };

/** As any JWT library of any language would. */
function signByApp({ signer }: KeySet, claims: Claims): Promise<string> {
  if (!signer) throw new Error("it signs");
  const grants = { publish: ["camera"], subscribe: true, data: true, moderate: false };
  return new SignJWT({ iss: "fairlead", aud: "fairlead/room", grants, ...claims })
    .setProtectedHeader({ alg: signer.alg, typ: "fairlead-ticket+jwt", kid: signer.kid })
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(signer.signingKey);
}

const instance = (index: 0 | 1) => cluster.signalings[index]?.url ?? expect.fail("there are two");
const BOTH = [0, 1] as const;
const join = async (index: 0 | 1, claims: Claims, by = first) =>
  ProtocolClient.join(instance(index), { ticket: await signByApp(by, { jti: randomUUID(), ...claims }) });
const ending = async (client: ProtocolClient) => {
  await client.until(() => !client.isConnected, "the socket's end");
  return client.framesOf("error").at(-1)?.error.code;
};

describe("tickets that the app signs, on two signaling processes and a node that know a JWKS URL", () => {
  it("admit while the app is away, whose keys each process fetched when it started", async () => {
    await expect.poll(() => jwks.answers()).toBe(3);
    jwks.setDown(true);
    try {
      const room = cluster.newRoom();
      for (const index of BOTH) await (await join(index, { room, sub: `early-${index}` })).leave();
    } finally {
      jwks.setDown(false);
    }
    expect(jwks.answers()).toBe(3);
  });

  it("admit at either process", async () => {
    const room = cluster.newRoom();
    const [ann, bob] = [await join(0, { room, sub: "ann" }), await join(1, { room, sub: "bob" })];
    await ann.until(() => ann.view.peers.size === 2, "both");
    await bob.until(() => bob.view.peers.size === 2, "both");
  });

  it("need an id of their own: a missing jti is named", async () => {
    const refused = join(0, { room: cluster.newRoom(), sub: "ann", jti: undefined });
    await expect(refused).rejects.toMatchObject({
      code: "ticket_invalid",
      message: expect.stringContaining("jti"),
    });
  });

  it("are all there are: the API signs none, and publishes no key", async () => {
    const issuing = cluster.api("POST", "/v1/rooms/standup/tickets", { identity: "ann" });
    await expect(issuing).rejects.toMatchObject({ code: "ticket_signer_missing" });
    const published = await fetch(`${instance(0)}/.well-known/jwks.json`);
    expect(await published.json()).toEqual({ keys: [] });
  });
});

describe("a peer that was removed", () => {
  it("stays out at every process: by its ticket, by its identity, and by the ticket under another name", async () => {
    const room = cluster.newRoom();
    const jti = "order 4711/ä";
    const ticket = await signByApp(first, { room, sub: "mallory", jti });
    const bob = await join(1, { room, sub: "bob" });
    const mallory = await ProtocolClient.join(instance(0), { ticket });
    await cluster.api("DELETE", `/v1/rooms/${room}/peers/${mallory.peerId}`);
    expect(await ending(mallory)).toBe("peer_removed");
    await bob.until(() => bob.view.peers.size === 1, "Mallory left");
    const banned = { code: "banned" };
    for (const index of BOTH) {
      await expect(ProtocolClient.join(instance(index), { ticket })).rejects.toMatchObject(banned);
      await expect(join(index, { room, sub: "mallory" })).rejects.toMatchObject(banned);
      await expect(join(index, { room, sub: "malory", jti })).rejects.toMatchObject(banned);
      await expect(mallory.resume({ url: instance(index) })).rejects.toMatchObject({ code: "peer_removed" });
    }
    // Nobody else is kept out.
    await join(0, { room, sub: "malory" });
  });
});

describe("rotation of the app's keys", () => {
  it("with overlap refuses no ticket, ends no session, and needs no restart", async () => {
    const room = cluster.newRoom();
    const ann = await join(0, { room, sub: "ann" }, first);
    jwks.publish(first, second);
    for (const index of BOTH) {
      await join(index, { room, sub: `new at ${index}` }, second);
      await join(index, { room, sub: `old at ${index}` }, first);
    }
    // The old key goes, and the next one comes.
    jwks.publish(second, third);
    for (const index of BOTH) await join(index, { room, sub: `newest at ${index}` }, third);
    await ann.until(() => ann.view.peers.size === 7, "everybody");
    ann.drop();
    await ann.resume({ url: instance(1) });
    expect(ann.view.peers.size).toBe(7);
  });

  it("ends for the key that is no longer published: ticket_unknown_key", async () => {
    const room = cluster.newRoom();
    for (const index of BOTH)
      await expect(join(index, { room, sub: "ann" }, first)).rejects.toMatchObject({
        code: "ticket_unknown_key",
      });
  });

  it("waits while the JWKS server is down, and known keys go on", async () => {
    const room = cluster.newRoom();
    jwks.setDown(true);
    for (const index of BOTH) await join(index, { room, sub: `ann at ${index}` }, third);
    jwks.setDown(false);
    expect((await cluster.room(room)).peers).toBe(2);
  });
});
