import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { listenAddressesFor } from "@fairlead/media-node";
import { type IceServer, type JoinReply, sendTransportOf } from "@fairlead/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { type MemoryClusterOptions, startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { freePort } from "../support/servers/free-port.ts";
import { skipBecause } from "../support/skip-because.ts";
import {
  ATTRIBUTES,
  decodeAnswer,
  encodeRequest,
  METHODS,
  withFingerprint,
} from "../support/turn/stun-message.ts";

async function start(options: Pick<MemoryClusterOptions, "reach" | "now" | "seats">) {
  const cluster = await startMemoryCluster({ cores: 1, ...options });
  onTestFinished(() => cluster.close());
  return cluster;
}

type Candidate = { protocol: string; ip: string; port: number };

function candidatesOf(joined: JoinReply): Candidate[] {
  return [sendTransportOf(joined), joined.receiveTransport].flatMap(
    ({ iceCandidates }) => iceCandidates as Candidate[],
  );
}

const nameIn = ([server]: IceServer[]) => server?.username?.split(":")[1] ?? expect.fail("no name");

describe("a peer is told of TURN servers", () => {
  const urls = ["turn:turn.example.org", "turns:turn.example.org:443?transport=tcp"];
  const turn = { urls, secret: "a-secret-of-tests", ttlS: 600 };

  it("with credentials of its own for their time, and fresh ones when its ICE restarts", async () => {
    let aheadMs = 0;
    const cluster = await start({ reach: { turn }, now: () => Date.now() + aheadMs });
    const endsAfterS = (username = "") => Number(username.split(":")[0]) - Date.now() / 1_000;
    const room = cluster.newRoom();
    const [ann, bob] = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
    const [first] = ann.joined.iceServers;
    expect(first).toEqual({
      urls,
      username: expect.stringMatching(/^\d+:[\w-]{22}$/),
      credential: expect.stringMatching(/^[A-Za-z0-9+/]{27}=$/),
    });
    expect(Math.abs(endsAfterS(first?.username) - turn.ttlS)).toBeLessThan(30);
    expect(bob.joined.iceServers[0]?.credential).not.toBe(first?.credential);

    aheadMs = 60_000;
    const { id } = ann.joined.receiveTransport;
    const { iceServers } = await ann.command("transport.restart_ice", { transportId: id });
    expect(iceServers).toMatchObject([{ urls, username: expect.stringMatching(/^\d+:[\w-]{22}$/) }]);
    expect(nameIn(iceServers)).toBe(nameIn(ann.joined.iceServers));
    expect(iceServers[0]?.credential).not.toBe(first?.credential);
    expect(endsAfterS(iceServers[0]?.username)).toBeGreaterThan(endsAfterS(first?.username) + 59);
    expect(JSON.stringify([ann.frames, bob.frames])).not.toContain(turn.secret);
  });

  it("under a name that TURN servers count by: one for an identity in a room, however often it joins", async () => {
    const cluster = await start({ reach: { turn } });
    const [room, other] = [cluster.newRoom(), cluster.newRoom()];
    const nameAt = async (...at: [room: string, identity: string]) =>
      nameIn((await cluster.join(...at)).joined.iceServers);
    const ann = await nameAt(room, "ann");
    expect(await nameAt(room, "ann")).toBe(ann);
    expect(new Set([ann, await nameAt(room, "bob"), await nameAt(other, "ann")]).size).toBe(3);
  });

  it("not at all where there are none", async () => {
    const cluster = await start({});
    const ann = await cluster.join(cluster.newRoom(), "ann");
    expect(ann.joined.iceServers).toEqual([]);
    const { id } = sendTransportOf(ann.joined);
    expect((await ann.command("transport.restart_ice", { transportId: id })).iceServers).toEqual([]);
  });
});

describe("a node's ICE candidates", () => {
  it("are the same port by UDP and TCP", async () => {
    const cluster = await start({});
    const candidates = candidatesOf((await cluster.join(cluster.newRoom(), "ann")).joined);
    expect(new Set(candidates.map(({ protocol }) => protocol))).toEqual(new Set(["udp", "tcp"]));
    expect(new Set(candidates.map(({ port }) => port)).size).toBe(1);
  });

  it("have a port of its own for TCP where that is set", async () => {
    const rtcTcpBasePort = await freePort();
    // One core: the next port may be somebody's.
    const cluster = await start({ seats: {}, reach: { rtcTcpBasePort } });
    const candidates = candidatesOf((await cluster.join(cluster.newRoom(), "ann")).joined);
    for (const { protocol, port } of candidates) expect(port === rtcTcpBasePort).toBe(protocol === "tcp");
    expect(candidates).toHaveLength(4);
  });

  it("are UDP's alone where TCP is off", async () => {
    const cluster = await start({ reach: { rtcTcpBasePort: "off" } });
    const candidates = candidatesOf((await cluster.join(cluster.newRoom(), "ann")).joined);
    expect(candidates.map(({ protocol }) => protocol)).toEqual(["udp", "udp"]);
  });

  it.for<[string, string[]]>([
    ["the second address of this machine's loopback", ["127.0.0.2"]],
    ["an IPv6 address of this machine", ["::1"]],
    ["one of each family", ["127.0.0.2", "::1"]],
  ])("are answered from where they say, with %s announced", async ([_, announced], test) => {
    const needsIpv6 = announced.some(isIPv6);
    skipBecause(needsIpv6 && !hasIpv6 ? "there is no IPv6 here" : null, test);
    const cluster = await start({ reach: { listenAddresses: listenAddressesFor(announced) } });
    const { joined } = await cluster.join(cluster.newRoom(), "ann");
    const udp = candidatesOf({ ...joined, receiveTransport: sendTransportOf(joined) }).filter(
      ({ protocol }) => protocol === "udp",
    );
    expect(new Set(udp.map(({ ip }) => ip))).toEqual(new Set(announced));
    for (const candidate of udp)
      expect(await checkConnectivity(sendTransportOf(joined), candidate)).toEqual({
        code: 200,
        ip: candidate.ip,
      });
  });
});

const hasIpv6 = Object.values(networkInterfaces()).some((some) =>
  some?.some(({ address }) => address === "::1"),
);

/** Sends what a browser sends first (RFC 8445 § 7.2.2). @returns The answer and where it came from. */
async function checkConnectivity(
  { iceParameters }: JoinReply["receiveTransport"],
  { ip, port }: { ip: string; port: number },
) {
  const { usernameFragment, password } = iceParameters as { usernameFragment: string; password: string };
  const socket = createSocket(isIPv6(ip) ? "udp6" : "udp4");
  const request = encodeRequest({
    method: METHODS.binding,
    transactionId: randomBytes(12),
    attributes: [
      [ATTRIBUTES.username, Buffer.from(`${usernameFragment}:test`)],
      [ATTRIBUTES.priority, Buffer.from([0x6e, 0, 0, 1])],
      [ATTRIBUTES.iceControlling, randomBytes(8)],
    ],
    key: Buffer.from(password),
  });
  const answered = once(socket, "message");
  socket.send(withFingerprint(request), port, ip);
  const [message, from] = await answered;
  socket.close();
  return { code: decodeAnswer(message).code, ip: from.address };
}
