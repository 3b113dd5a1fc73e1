import { type ClientFrameInput, FairleadError, OpenedSession, TicketAnswer } from "@fairlead/protocol";
import { describe, expect, it, vi } from "vitest";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";
import { TestClient } from "./testing/test-client.ts";

const often = (limit: number) => ({ limit, windowMs: limit * 1_000 });
const KEY = "key-of-a-back-end";
const tooMany = { error: { code: "rate_limited" } };

type Cluster = Awaited<ReturnType<typeof startScriptedCluster>>;

/** However long a test takes, nobody may come again before it says so. */
const startStill = (options: Parameters<typeof startScriptedCluster>[0]) =>
  startScriptedCluster({ ...options, clockStands: true });

const postSession = async (cluster: Cluster, headers = {}, room?: string) => {
  const { type: _, ...join } = await cluster.joinFrame(room);
  return postJoin(cluster, join, headers);
};

const postJoin = ({ server }: Cluster, join: object, headers = {}) =>
  fetch(`${server.url}/v1/sessions`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(join),
  });

const issue = ({ server }: Cluster, key: string) =>
  fetch(`${server.url}/v1/rooms/standup/tickets`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
    body: JSON.stringify({ identity: "ann" }),
  });

const ratesOf = ({ headers }: Response) => [
  headers.get("RateLimit-Policy"),
  headers.get("RateLimit"),
  headers.get("Retry-After"),
];

it("joins count for address and room, by WebSocket and HTTP alike, and answers say how they stand", async () => {
  const cluster = await startStill({ app: { rateLimits: { address: often(3), room: often(100) } } });
  const first = await postSession(cluster);
  expect([first.status, ...ratesOf(first)]).toEqual([
    ...[201, '"address";q=3;w=3, "room";q=100;w=100', '"address";r=2;t=1, "room";r=99;t=1', null],
  ]);
  OpenedSession.parse(await first.json());
  await cluster.join("standup", "bob");
  await cluster.join("other", "bob");
  const refused = await postSession(cluster);
  expect([refused.status, ...ratesOf(refused)]).toEqual([429, '"address";q=3;w=3', '"address";r=0;t=1', "1"]);
  expect(await refused.json()).toMatchObject({ error: { code: "rate_limited", retryAfterMs: 1_000 } });

  const client = await cluster.connect();
  client.send(await cluster.joinFrame("standup", "cleo"));
  const { error } = await client.next("error");
  expect(error).toMatchObject({ code: "rate_limited", retryAfterMs: expect.any(Number) });
  expect(error.retryAfterMs).toBeLessThanOrEqual(1_000);
  expect(await client.closed).toBe(4418);

  cluster.clock.nowMs += 1_000;
  await cluster.join("standup", "cleo");
  expect(cluster.node.callsTo("room.join")).toHaveLength(4);
});

it("a room that is joined too often leaves other rooms alone", async () => {
  const cluster = await startStill({ app: { rateLimits: { room: often(1) } } });
  await cluster.join("standup", "ann");
  expect((await postSession(cluster, {}, "standup")).status).toBe(429);
  expect((await postSession(cluster, {}, "other")).status).toBe(201);
});

it("a join that has to be tried at several nodes counts once", async () => {
  const cluster = await startStill({ app: { rateLimits: { room: often(2) } } });
  cluster.node.refuseNext("room.join", "lease_lost");
  await cluster.join("standup", "ann");
  expect((await postSession(cluster)).status).toBe(201);
});

it("API requests count for their key, whatever their address", async () => {
  const apiKeys = [KEY, "key-of-another"].map((key) => ({ key, scopes: ["tickets" as const] }));
  const rateLimits = { key: often(2), address: often(1) };
  const cluster = await startStill({ app: { apiKeys, rateLimits } });
  const first = await issue(cluster, KEY);
  expect([first.status, ...ratesOf(first)]).toEqual([201, '"key";q=2;w=2', '"key";r=1;t=1', null]);
  expect((await issue(cluster, KEY)).status).toBe(201);
  const refused = await issue(cluster, KEY);
  expect([refused.status, ...ratesOf(refused)]).toEqual([429, '"key";q=2;w=2', '"key";r=0;t=1', "1"]);
  expect(await refused.json()).toMatchObject(tooMany);
  expect((await issue(cluster, "key-of-another")).status).toBe(201);
});

it("wrong keys and wrong tickets count for the address, which soon learns nothing more", async () => {
  const cluster = await startStill({ app: { rateLimits: { address: often(3) } } });
  const counted = vi.spyOn(cluster.registry, "count");
  const statuses = [];
  for (let guess = 0; guess < 4; guess += 1) statuses.push((await issue(cluster, `guess-${guess}`)).status);
  expect(statuses).toEqual([401, 401, 401, 429]);
  expect((await issue(cluster, "guess-5")).headers.get("RateLimit")).toBe('"stranger";r=0;t=1');
  expect(counted, "who is refused already is no work for the registry").toHaveBeenCalledTimes(4);
  cluster.clock.nowMs += 1_000;
  const join = await cluster.joinFrame();
  const wrong: ClientFrameInput = { ...join, ticket: `${join.ticket.slice(0, -20)}${"A".repeat(20)}` };
  const codes = [];
  for (let guess = 0; guess < 2; guess += 1) {
    const client = await cluster.connect();
    client.send(wrong);
    codes.push((await client.refusal())[0]);
  }
  expect(codes).toEqual(["ticket_invalid", "rate_limited"]);
});

it("of an address whose strangers guess too much, those with tickets come in", async () => {
  const cluster = await startStill({ app: { rateLimits: { address: often(2) } } });
  for (const status of [401, 401, 429]) expect((await issue(cluster, "a-guess")).status).toBe(status);
  expect((await postSession(cluster)).headers.get("RateLimit")).toBe('"address";r=1;t=1');
  await cluster.join("standup", "bob");
  expect((await postSession(cluster)).headers.get("RateLimit")).toBe('"address";r=0;t=1');
});

it("an address that has been refused is refused without asking the registry, until it may come again", async () => {
  const cluster = await startStill({ app: { rateLimits: { address: often(1) } } });
  const placed = vi.spyOn(cluster.registry, "place");
  for (const status of [201, 429, 429, 429]) expect((await postSession(cluster)).status).toBe(status);
  expect(placed).toHaveBeenCalledTimes(2);
  cluster.clock.nowMs += 1_000;
  expect((await postSession(cluster)).status).toBe(201);
});

it("a ticket that its node has refused for joining too often is refused without asking anybody, for a second at most", async () => {
  const cluster = await startStill({});
  const placed = vi.spyOn(cluster.registry, "place");
  cluster.node.answer("room.join", () => {
    throw new FairleadError("rate_limited", { retryAfterMs: 3_000 });
  });
  const { type: _, ...join } = await cluster.joinFrame();
  const answers = [];
  for (let time = 0; time < 3; time += 1) answers.push(await (await postJoin(cluster, join)).json());
  expect(answers.map(({ error }) => [error.code, error.retryAfterMs])).toEqual([
    ["rate_limited", 3_000],
    ["rate_limited", 1_000],
    ["rate_limited", 1_000],
  ]);
  expect((await postJoin(cluster, { ...join, ticket: `${join.ticket}A` })).status).toBe(401);
  expect(placed).toHaveBeenCalledTimes(1);
  cluster.clock.nowMs += 1_000;
  expect((await postJoin(cluster, join)).status).toBe(429);
  expect(placed).toHaveBeenCalledTimes(2);
});

describe("who comes back with the session ticket of the room's last place", () => {
  const rateLimits = { address: often(1), room: often(1) };

  it("counts for no rate, by WebSocket and HTTP, and neither at a process that paces newcomers", async () => {
    const limits = { openings: { perSecond: 0.001, burst: 1 } };
    const cluster = await startStill({ limits, app: { rateLimits } });
    const { joined } = await cluster.join("standup", "ann");
    const client = await cluster.connect();
    client.send({ ...(await cluster.joinFrame()), previousSession: joined.sessionTicket });
    const again = await client.next("joined");
    const { type: _, ...join } = await cluster.joinFrame();
    const answer = await postJoin(cluster, { ...join, previousSession: again.sessionTicket });
    expect([answer.status, answer.headers.get("RateLimit")]).toEqual([201, null]);
  });

  it.each([
    ["forged", (ticket: string) => `${ticket.slice(0, -20)}${"A".repeat(20)}`, "standup", "ann"],
    ["another identity's", (ticket: string) => ticket, "standup", "bob"],
    ["of another room", (ticket: string) => ticket, "other", "ann"],
  ] as const)("counts like anybody when it is %s", async (_which, change, room, identity) => {
    const cluster = await startStill({ app: { rateLimits: { address: often(1) } } });
    const { joined } = await cluster.join("standup", "ann");
    const { type: _, ...join } = await cluster.joinFrame(room, identity);
    const answer = await postJoin(cluster, { ...join, previousSession: change(joined.sessionTicket) });
    expect(answer.status).toBe(429);
  });

  it("counts again when it comes back in a loop, each identity for itself", async () => {
    const cluster = await startStill({ app: { rateLimits } });
    const { joined } = await cluster.join("standup", "ann");
    const comeBack = async () => {
      const { type: _, ...join } = await cluster.joinFrame();
      return (await postJoin(cluster, { ...join, previousSession: joined.sessionTicket })).status;
    };
    const statuses = [];
    for (let time = 0; time < 12; time += 1) statuses.push(await comeBack());
    expect(statuses).toEqual([...Array<number>(10).fill(201), 429, 429]);
    cluster.clock.nowMs += 1_000;
    const { joined: ofBob } = await cluster.join("standup", "bob");
    const { type: _, ...join } = await cluster.joinFrame("standup", "bob");
    const answer = await postJoin(cluster, { ...join, previousSession: ofBob.sessionTicket });
    expect(answer.status).toBe(201);
  });
});

it("behind proxies the address is what the outermost of them was asked by, and nothing that a client wrote", async () => {
  const cluster = await startStill({ app: { trustedProxies: 2, rateLimits: { address: often(1) } } });
  const joinBy = async (forwarded: string) =>
    (await postSession(cluster, { "X-Forwarded-For": forwarded })).status;
  expect(await joinBy("198.51.100.1, 203.0.113.1, 10.0.0.1")).toBe(201);
  expect(await joinBy("198.51.100.2, 203.0.113.1, 10.0.0.1")).toBe(429);
  expect(await joinBy("203.0.113.2:4711, 10.0.0.1")).toBe(201);
  expect(await joinBy("2001:db8::1, 10.0.0.1")).toBe(201);
  expect(await joinBy("2001:db8::2, 10.0.0.1")).toBe(429);
  const client = await TestClient.connect(cluster.server.url, {
    "X-Forwarded-For": "203.0.113.2, 10.0.0.1",
  });
  client.send(await cluster.joinFrame());
  expect(await client.refusal()).toEqual(["rate_limited", 4418]);
});

it("without a proxy that is trusted, nobody changes his address by a header", async () => {
  const cluster = await startStill({ app: { rateLimits: { address: often(1) } } });
  expect((await postSession(cluster, { "X-Forwarded-For": "203.0.113.1" })).status).toBe(201);
  expect((await postSession(cluster, { "X-Forwarded-For": "203.0.113.2" })).status).toBe(429);
});

it("a ticket's URL has the scheme that trusted proxies name, and no other", async () => {
  const apiKeys = [{ key: KEY, scopes: ["tickets" as const] }];
  const schemeBehind = async (trustedProxies: number, proto: string) => {
    const { server } = await startStill({ app: { apiKeys, trustedProxies } });
    const answer = await fetch(`${server.url}/v1/rooms/standup/tickets`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${KEY}`,
        "content-type": "application/json",
        "x-forwarded-proto": proto,
      },
      body: JSON.stringify({ identity: "ann" }),
    });
    const { url } = TicketAnswer.parse(await answer.json());
    expect(new URL(url).host).toBe(new URL(server.url).host);
    return new URL(url).protocol;
  };
  expect(await schemeBehind(0, "https")).toBe("http:");
  expect(await schemeBehind(1, "https")).toBe("https:");
  expect(await schemeBehind(1, "https, http")).toBe("http:");
  expect(await schemeBehind(2, "gopher, https, http")).toBe("https:");
  expect(await schemeBehind(1, "javascript")).toBe("http:");
});

it("while the registry is away nobody is refused by a limit", async () => {
  const apiKeys = [{ key: KEY, scopes: ["tickets" as const] }];
  const cluster = await startStill({ app: { apiKeys, rateLimits: { key: often(1), address: often(1) } } });
  expect((await issue(cluster, KEY)).status).toBe(201);
  expect((await issue(cluster, KEY)).status).toBe(429);
  await cluster.registry.close();
  for (let time = 0; time < 5; time += 1) expect((await issue(cluster, KEY)).status).toBe(201);
});
