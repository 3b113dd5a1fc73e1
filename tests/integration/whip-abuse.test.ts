import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { makeStreamKey, randomId } from "@fairlead/protocol";
import { writeBroadcast } from "@fairlead/signaling/testing";
import { createConsoleLogger } from "@fairlead/telemetry/console";
import { afterAll, describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { SDP_CANDIDATE, sdpOffer } from "../support/sdp-offer.ts";
import { expectAgreement } from "./expect-agreement.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

const SECRET = "a-secret-of-the-operator";
/** Of an address: the other tests' addresses are others. */
const GUESSES = 20;
const SOON = { timeout: 10_000 };
const OF_MEDIA = ["webrtc_transport", "producer", "consumer"];

type Told = { hook: string; broadcastId: string; kind: string; address?: string };

/** The operator's server: it answers by `answer`, and keeps what it was told, and what the node had for it at that moment. */
const hooks = {
  answer: 204 as number | null,
  told: [] as Told[],
  mediaWhenAsked: [] as number[],
  bodies: [] as string[],
};
const operator = createServer(async (request, response) => {
  const body = await text(request);
  hooks.bodies.push(body);
  hooks.told.push(JSON.parse(body) as Told);
  hooks.mediaWhenAsked.push(mediaOf());
  if (hooks.answer !== null) response.writeHead(hooks.answer, { Location: "/elsewhere" }).end();
}).listen(0, "127.0.0.1");
await new Promise((resolve) => operator.once("listening", resolve));
afterAll(() => {
  operator.closeAllConnections();
  operator.close();
});

const lines: string[] = [];
let cluster: MemoryCluster;
useMemoryCluster((started) => (cluster = started), {
  log: createConsoleLogger({ level: "debug", write: (line) => lines.push(line) }),
  hooks: {
    url: `http://127.0.0.1:${(operator.address() as AddressInfo).port}/`,
    secret: SECRET,
    isFailOpen: false,
  },
  app: { trustedProxies: 1, rateLimits: { address: { limit: GUESSES, windowMs: 3_600_000 } } },
});

const mediaOf = () => cluster.node.ledger().filter(({ kind }) => OF_MEDIA.includes(kind)).length;

let callers = 0;

/** A broadcast that nobody has published yet, and a program that asks for it from an address of its own. */
async function setUp() {
  const id = `launch-${randomId()}`;
  const key = await writeBroadcast(cluster.registry, id, { state: "created", visibility: "public" });
  callers += 1;
  const address = `198.51.100.${callers}`;
  const ask = async (method: string, path: string, bearer?: string, init: RequestInit = {}) => {
    const response = await cluster.request(path, {
      method,
      ...init,
      headers: {
        "X-Forwarded-For": address,
        ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
        ...(init.headers as Record<string, string>),
      },
    });
    const body = response.headers.get("Content-Type")?.includes("json")
      ? ((await response.json()) as { error: { code: string } })
      : null;
    return { status: response.status, headers: response.headers, code: body?.error.code };
  };
  const post = (path: string, bearer?: string, direction: "sendonly" | "recvonly" = "sendonly") =>
    ask("POST", path, bearer, { headers: { "Content-Type": "application/sdp" }, body: sdpOffer(direction) });
  const patch = (path: string, bearer: string | undefined, etag: string) =>
    ask("PATCH", path, bearer, {
      headers: { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": etag },
      body: SDP_CANDIDATE,
    });
  const publish = async () => {
    const opened = await post("/v1/whip", key);
    expect(opened.status).toBe(201);
    const { pathname } = new URL(opened.headers.get("Location") ?? "");
    return { path: pathname, etag: opened.headers.get("ETag") ?? "" };
  };
  return { id, key, address, ask, post, patch, publish };
}

const nothingLeft = () => expect.poll(mediaOf, SOON).toBe(0);

describe("200 attempts to publish with wrong keys", () => {
  it("are refused, throttled, told with the address, and leave nothing", async () => {
    const { id, key, address, post } = await setUp();
    const before = cluster.ledger();
    const statuses = new Map<number, number>();
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const { status } = await post("/v1/whip", makeStreamKey(id));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 401: GUESSES, 429: 200 - GUESSES });
    expect(cluster.ledger()).toEqual(before);
    expect((await cluster.registry.describeRoom(id))?.lease).toBeNull();
    const told = lines.filter((line) => line.includes("stranger.refused") && line.includes(address));
    expect(told.length).toBeGreaterThan(0);
    expect(told.join()).toContain("stream_key_invalid");
    expect(lines.join()).not.toContain(key.slice(id.length + 1));
    expect(hooks.told.filter(({ broadcastId }) => broadcastId === id)).toEqual([]);
  });
});

describe("a WHIP session", () => {
  it("is not found by its URL alone, nor with another bearer token; with its own it is ended, and nothing is left", async () => {
    const { id, key, ask, patch, publish, post } = await setUp();
    const { path, etag } = await publish();
    expect(mediaOf()).toBeGreaterThan(0);
    const wrong = makeStreamKey(id);
    expect((await ask("DELETE", path)).code).toBe("stream_key_invalid");
    for (const refused of [await ask("DELETE", path, wrong), await patch(path, wrong, etag)])
      expect(refused.code).toBe("sdp_session_not_found");
    expect((await patch(path, key, etag)).status).toBe(204);
    expect((await post("/v1/whip", key)).code).toBe("publisher_active");
    expect((await ask("DELETE", path, key)).status).toBe(204);
    await nothingLeft();
    expect((await ask("DELETE", path, key)).code).toBe("sdp_session_not_found");
    await expectAgreement(cluster);
  });

  it("is not found by guessing, which is throttled", async () => {
    const { key, ask, publish } = await setUp();
    const guesser = await setUp();
    const { path } = await publish();
    const statuses = new Map<number, number>();
    for (let attempt = 0; attempt < 2 * GUESSES; attempt += 1) {
      const { status } = await guesser.ask("DELETE", path.replace(/[^/]+$/, randomId()), key);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 404: GUESSES, 429: GUESSES });
    expect((await ask("DELETE", path, key)).status).toBe(204);
    await nothingLeft();
    const session = path.split("/").at(-1) ?? "";
    expect(lines.filter((line) => line.includes(session))).toEqual([]);
  });
});

describe("a hook", () => {
  it("is asked before media is taken, and told when it is over", async () => {
    const { id, key, address, ask, publish } = await setUp();
    const { path } = await publish();
    const asked = hooks.told.findIndex(({ broadcastId }) => broadcastId === id);
    expect(hooks.told[asked]).toMatchObject({ hook: "on_publish", kind: "whip", address });
    expect(hooks.mediaWhenAsked[asked]).toBe(0);
    await ask("DELETE", path, key);
    await expect
      .poll(() => hooks.told.filter(({ broadcastId }) => broadcastId === id).map(({ hook }) => hook), SOON)
      .toEqual(["on_publish", "on_publish_done"]);
    const session = path.split("/").at(-1) ?? "";
    for (const secret of [key, session]) expect(hooks.bodies.join()).not.toContain(secret);
    await nothingLeft();
  });

  it.each([
    ["refuses", 403, [403, "hook_refused"]],
    ["redirects", 307, [403, "hook_refused"]],
    ["fails", 500, [503, "hook_unreachable"]],
    ["hangs", null, [503, "hook_unreachable"]],
  ] as const)("that %s lets no publisher in, and leaves nothing", async (_, answer, refusal) => {
    const { key, post } = await setUp();
    hooks.answer = answer;
    const { status, code, headers } = await post("/v1/whip", key);
    hooks.answer = 204;
    expect([status, code]).toEqual(refusal);
    expect(headers.has("Retry-After")).toBe(status === 503);
    expect(mediaOf()).toBe(0);
  });
});
