import { createTicketKeys } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";
import { TestClient } from "./testing/test-client.ts";

const LIMITS = { unjoinedPerAddress: 2 };
const REFUSED = ["rate_limited", 4418];

describe("an address that has as many sockets without a join as it may", () => {
  it("gets no other one, and is told when to try again", async () => {
    const { connect } = await startScriptedCluster({ limits: LIMITS });
    await Promise.all([connect(), connect()]);
    const third = await connect();
    expect((await third.next("error")).error).toMatchObject({ code: "rate_limited", retryAfterMs: 1_000 });
    expect(await third.closed).toBe(4418);
  });

  it("gets one for each that ends, and for each whose client has got in", async () => {
    const { connect, join, joinFrame } = await startScriptedCluster({ limits: LIMITS });
    const [ann, idle] = await Promise.all([connect(), connect()]);
    ann.send(await joinFrame());
    await ann.next("joined");
    await join("standup", "bob");
    await connect();
    expect(await (await connect()).refusal()).toEqual(REFUSED);
    await idle.close();
    const answer = async () => {
      const client = await connect();
      client.send({ type: "ping" });
      return (await client.nextFrame()).type;
    };
    await expect.poll(answer).toBe("pong");
    // One that has made room already makes no more of it by its end.
    await ann.close();
    expect(await (await connect()).refusal()).toEqual(REFUSED);
  });

  it("gets none for a join that could not be checked", async () => {
    const fetch = () => Promise.reject(new Error("no way to it"));
    const ticketKeys = createTicketKeys({ jwksUrls: ["https://app.example/jwks.json"], fetch });
    const { connect, joinFrame } = await startScriptedCluster({ limits: LIMITS, app: { ticketKeys } });
    for (let time = 0; time < LIMITS.unjoinedPerAddress; time += 1) {
      const client = await connect();
      client.send(await joinFrame());
      expect((await client.next("error")).error.code).toBe("ticket_keys_unreachable");
      expect(client.socket.readyState).toBe(WebSocket.OPEN);
    }
    expect(await (await connect()).refusal()).toEqual(REFUSED);
  });

  it("gets none for a resume of a session that is gone, until its join", async () => {
    const { connect, join, joinFrame, resumeFrame, node } = await startScriptedCluster({
      limits: { unjoinedPerAddress: 1 },
    });
    const { joined } = await join();
    node.refuseNext("session.attach", "session_gone");
    const client = await connect();
    client.send(resumeFrame(joined));
    expect((await client.next("error")).error.code).toBe("session_gone");
    expect(await (await connect()).refusal()).toEqual(REFUSED);
    client.send(await joinFrame());
    await client.next("joined");
    await join("standup", "bob");
  });

  it("has as many as it likes while the bus is away, for which all wait on their sockets", async () => {
    const { connect, join, resumeFrame, signalingBus } = await startScriptedCluster({ limits: LIMITS });
    const { joined } = await join();
    signalingBus.cut();
    for (let time = 0; time < 3 * LIMITS.unjoinedPerAddress; time += 1) {
      const client = await connect();
      client.send(resumeFrame(joined));
      expect((await client.next("error")).error.code).toBe("bus_disconnected");
    }
    signalingBus.restore();
    await join("standup", "bob");
  });

  it("leaves other addresses alone", async () => {
    const { server } = await startScriptedCluster({ limits: LIMITS, app: { trustedProxies: 1 } });
    const connectFrom = (address: string) => TestClient.connect(server.url, { "X-Forwarded-For": address });
    await Promise.all([connectFrom("192.0.2.1"), connectFrom("192.0.2.1")]);
    expect(await (await connectFrom("192.0.2.1")).refusal()).toEqual(REFUSED);
    const other = await connectFrom("192.0.2.2");
    other.send({ type: "ping" });
    await other.next("pong");
  });

  it("and is not known has no limit", async () => {
    const { connect } = await startScriptedCluster({
      limits: LIMITS,
      app: { clientAddress: () => undefined },
    });
    const clients = await Promise.all(Array.from({ length: 4 }, () => connect()));
    for (const client of clients) {
      client.send({ type: "ping" });
      await client.next("pong");
    }
  });
});
