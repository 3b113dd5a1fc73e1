import { readFileSync } from "node:fs";
import {
  type BroadcastWithKey,
  type ClientFrameInput,
  FRAME_LIMIT,
  hashStreamKey,
  type ServerFrame,
  sendTransportOf,
} from "@fairlead/protocol";
import { exportKeySet, generateKeySet } from "@fairlead/tickets";
import type { BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { launchChromium } from "../support/chromium.ts";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { findSecrets } from "../support/find-secrets.ts";
import { joinFrame, ProtocolClient } from "../support/protocol-client.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { SDP_CANDIDATE, sdpOffer } from "../support/sdp-offer.ts";
import { openHttp } from "../support/wires/open-http.ts";
import { Meeting } from "./meeting.ts";

const TURN_SECRET = "secret-shared-with-turn-servers";
const HOOK = { token: "token-of-the-hook-url", secret: "secret-of-the-hooks" };
const REDIS_PASSWORD = "password-of-redis";
const WRONG_KEY = "a-key-that-nobody-was-given";
/** Shorter ones (Chromium's ufrag has four characters) stand in any text by chance. */
const LEAST_LENGTH = 8;
const secrets = new Map<string, string>();
const keep = (what: string, ...texts: (string | undefined)[]) => {
  for (const text of texts) if (text && text.length >= LEAST_LENGTH) secrets.set(text, what);
};

let cluster: ProcessCluster;
let chromium: Awaited<ReturnType<typeof launchChromium>>;
beforeAll(async () => {
  const sessionKeys = await exportKeySet(await generateKeySet());
  [cluster, chromium] = await Promise.all([
    startProcessCluster({
      name: "secrets-in-logs",
      signaling: 2,
      nodes: 2,
      redisPassword: REDIS_PASSWORD,
      env: {
        FAIRLEAD_LOG_LEVEL: "debug",
        FAIRLEAD_GRACE_MS: "2000",
        FAIRLEAD_TURN_URLS: "turn:127.0.0.1:9",
        FAIRLEAD_TURN_SECRET: TURN_SECRET,
        // Nobody answers there, and everybody is let in.
        FAIRLEAD_HOOK_URL: `http://127.0.0.1:9/?token=${HOOK.token}`,
        FAIRLEAD_HOOK_SECRET: HOOK.secret,
        FAIRLEAD_HOOK_FAIL_OPEN: "true",
        FAIRLEAD_SESSION_KEYS: JSON.stringify(sessionKeys),
      },
    }),
    launchChromium(),
  ]);
  keep("TURN secret", TURN_SECRET);
  keep("hook", HOOK.token, HOOK.secret);
  keep("password of Redis", REDIS_PASSWORD);
  keep("password of NATS", ...Object.values(cluster.nats.users).map(({ password }) => password));
  keep("API key", cluster.apiKey, WRONG_KEY);
  for (const { keys } of [sessionKeys, await exportKeySet(cluster.ticketKeys)])
    for (const { d, k } of keys) keep("private key", d, k);
});
afterAll(async () => {
  await chromium?.close();
  await cluster?.close();
});

it("nothing secret stands in a log, whatever went well and whatever went wrong", {
  timeout: 300_000,
}, async () => {
  await callTheApi();
  await withBrowser(chromium.context);
  for (const openWire of [undefined, openHttp]) await asClient(openWire);
  await asAttacker();
  await throughFaults();
  expect(secrets.size).toBeGreaterThan(30);
  const logs = cluster.processes.map(({ name, logFile }) => ({ name, text: readFileSync(logFile, "utf8") }));
  // That it is all there, down to the lines for debugging.
  const everything = logs.map(({ text }) => text).join("\n");
  for (const told of [
    "session.joined",
    "http.answered",
    "connection.refused",
    "registry_unreachable",
    "hook.unreachable",
  ])
    expect(everything).toContain(`"${told}"`);
  const found = logs.flatMap(({ name, text }) =>
    findSecrets(text.split("\n"), secrets).map((secret) => ({ name, ...secret })),
  );
  expect(found).toEqual([]);
});

const post = (path: string, headers: Record<string, string>, body: string) =>
  fetch(`${cluster.url}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body,
  });

async function ticketFor(identity: string): Promise<string> {
  const ticket = await cluster.ticket("vault", identity);
  keep("ticket", ticket, ticket.split(".")[2]);
  return ticket;
}

async function callTheApi(): Promise<void> {
  const { ticket } = await cluster.api<{ ticket: string }>("POST", "/v1/rooms/vault/tickets", {
    identity: "ann",
  });
  keep("ticket of the API", ticket, ticket.split(".")[2]);
  await cluster.api("PUT", "/v1/rooms/vault", { maxPeers: 10 });
  await cluster.api("GET", "/v1/rooms");
  const made = await cluster.api<BroadcastWithKey>("POST", "/v1/broadcasts", { visibility: "public" });
  const path = `/v1/broadcasts/${made.broadcastId}`;
  const rotated = await cluster.api<BroadcastWithKey>("POST", `${path}/key`, { keepOldKey: false });
  for (const streamKey of [made.streamKey, rotated.streamKey]) {
    keep("stream key", streamKey, streamKey.split(".")[1]);
    keep("hash of a stream key", await hashStreamKey(streamKey));
    // One is valid: the offer makes no sense. The other is no key any more.
    for (const whip of ["/v1/whip", `${path}/whip`])
      expect(await offer(whip, streamKey)).toBe(streamKey === rotated.streamKey ? 400 : 401);
  }
  await publishByWhip(rotated.streamKey);
  await cluster.api("DELETE", path);
}

async function offer(path: string, streamKey: string): Promise<number> {
  const headers = { "Content-Type": "application/sdp", Authorization: `Bearer ${streamKey}` };
  return (await fetch(`${cluster.url}${path}`, { method: "POST", headers, body: "v=0 and nothing else" }))
    .status;
}

/** A session by WHIP, whose URL is the right to end it: made, changed, and ended at last by whoever may. */
async function publishByWhip(streamKey: string): Promise<void> {
  const ask = (method: string, url: string, type?: string, body?: string) => {
    const headers = { Authorization: `Bearer ${streamKey}`, "If-Match": "*" };
    return fetch(url, { method, headers: { ...headers, ...(type ? { "Content-Type": type } : {}) }, body });
  };
  const opened = await ask("POST", `${cluster.url}/v1/whip`, "application/sdp", sdpOffer("sendonly"));
  expect(opened.status).toBe(201);
  const url = opened.headers.get("Location") ?? "";
  keep("URL of a session", url.split("/").at(-1));
  keep(
    "ICE password",
    ...[...(await opened.text()).matchAll(/a=ice-pwd:(\S+)/g)].map(([, password]) => password),
  );
  const fragment = SDP_CANDIDATE.replaceAll("uFrg", "nExt");
  expect((await ask("PATCH", url, "application/trickle-ice-sdpfrag", fragment)).status).toBe(200);
  expect((await ask("PATCH", url, "application/trickle-ice-sdpfrag", "hello")).status).toBe(400);
  expect((await fetch(url, { method: "DELETE" })).status).toBe(401);
  expect((await ask("DELETE", url)).status).toBe(204);
  expect((await ask("DELETE", url)).status).toBe(404);
}

/** A meeting with media: SDP on the browser's side, and its own end of DTLS. */
async function withBrowser(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(globalThis, { sdpSeen: seen });
    for (const name of ["setLocalDescription", "setRemoteDescription"] as const) {
      const set = RTCPeerConnection.prototype[name];
      RTCPeerConnection.prototype[name] = async function (description: RTCLocalSessionDescriptionInit = {}) {
        await Reflect.apply(set, this, [description]);
        seen.push(this.localDescription?.sdp ?? "", this.remoteDescription?.sdp ?? "");
      };
    }
  });
  const tab = await SdkPage.open(context);
  const meeting = await Meeting.begin(cluster, tab, { peers: 2 });
  const sdp = await tab.page.evaluate(() =>
    (globalThis as unknown as { sdpSeen: string[] }).sdpSeen.join("\n"),
  );
  const values = [...sdp.matchAll(/^a=(?:ice-ufrag|ice-pwd|fingerprint):(?:\S+ )?(\S+)\r?$/gm)].map(
    ([, value]) => value,
  );
  expect(new Set(values).size).toBeGreaterThan(4);
  keep("SDP of the browser", ...values);
  await meeting.end();
}

/** A session with its ends: join, commands that name ICE and DTLS, ICE restart, resume, leave. */
async function asClient(openWire?: typeof openHttp): Promise<void> {
  const client = await ProtocolClient.join(cluster.url, { ticket: await ticketFor("cleo") }, openWire);
  const { joined } = client;
  const answers: unknown[] = [joined];
  const transportId = sendTransportOf(joined).id;
  answers.push(await client.command("transport.restart_ice", { transportId }));
  const value = Array.from({ length: 32 }, (_, index) => (index + 16).toString(16).toUpperCase()).join(":");
  const dtlsParameters = {
    role: "client" as const,
    fingerprints: [{ algorithm: "sha-256" as const, value }],
  };
  keep("fingerprint", value);
  for (let time = 0; time < 2; time += 1)
    await client.command("transport.connect", { transportId, dtlsParameters }).catch(() => {});
  client.drop();
  await client.resume();
  keepAll(answers, client.frames);
  keep("session ticket", client.sessionTicket);
  await client.command("session.leave", {});
  client.close();
}

/** Every credential that a client was sent. */
function keepAll(answers: unknown[], frames: readonly ServerFrame[]): void {
  const visit = (value: unknown, name: string): void => {
    if (
      typeof value === "string" &&
      /^(usernameFragment|password|credential|value|sessionTicket)$/.test(name)
    )
      keep(name, value);
    else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) visit(inner, key);
  };
  visit([answers, frames], "");
}

/** Secrets where they do not belong, and what is no secret of ours in their place. */
async function asAttacker(): Promise<void> {
  const ticket = await ticketFor("mallory");
  const forged = `${ticket.slice(0, -20)}${"A".repeat(20)}`;
  keep("forged ticket", forged, forged.split(".")[2]);
  const { type: _, ...join } = joinFrame({ ticket });
  const key = { Authorization: `Bearer ${WRONG_KEY}` };
  const statuses = [
    await post("/v1/rooms/vault/tickets", key, '{"identity":"ann"}'),
    await post("/v1/sessions", {}, JSON.stringify({ ...join, ticket: forged })),
    await post("/v1/sessions", {}, `{"ticket":"${ticket}",`),
    await post("/v1/sessions", {}, JSON.stringify({ ...join, protocolVersion: ticket })),
    await post(`/v1/sessions?ticket=${ticket}`, {}, "{}"),
    await post("/v1/sessions/none/commands", { Authorization: `Bearer ${forged}` }, '{"frames":[]}'),
    await post("/v1/rooms/vault/tickets", { Authorization: `Bearer ${cluster.apiKey}` }, `"${ticket}`),
  ].map(({ status }) => status);
  expect(statuses).toEqual([401, 401, 400, 400, 400, expect.toBeOneOf([400, 401]), 400]);
  const frames: ClientFrameInput[] = [
    joinFrame({ ticket: forged }),
    { type: "resume", protocolVersion: 1, sessionTicket: forged, position: "1:1" },
  ];
  const texts = [
    ...frames.map((frame) => JSON.stringify(frame)),
    `{"type":"join","ticket":"${ticket}"`,
    JSON.stringify({ type: "sing", ticket }),
    JSON.stringify({ type: "join", ticket, padding: "x".repeat(FRAME_LIMIT) }),
  ];
  for (const text of texts) await sayAndBeRefused(text, ticket);
}

async function sayAndBeRefused(text: string, ticket: string): Promise<void> {
  const socket = new WebSocket(`${cluster.url.replace("http", "ws")}/v1/connect?ticket=${ticket}`);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.once("open", () => socket.send(text));
  await closed;
}

/** Makes the processes log what they log when servers, or other processes, are away. */
async function throughFaults(): Promise<void> {
  const client = await ProtocolClient.join(cluster.url, { ticket: await ticketFor("dora") });
  const [node] = cluster.nodes;
  await cluster.redis.signal("SIGKILL");
  await cluster.nats.kill();
  await node?.waitFor(({ msg }) => msg === "heartbeat.failed");
  const { type: _, ...join } = joinFrame({ ticket: await ticketFor("eve") });
  await post("/v1/sessions", {}, JSON.stringify(join));
  await cluster.nats.restart();
  await cluster.redis.restart();
  await expect.poll(async () => (await fetch(`${cluster.url}/readyz`)).status, { timeout: 30_000 }).toBe(200);
  const [pid] = node?.workerPids() ?? [];
  if (pid) process.kill(pid, "SIGKILL");
  await node?.waitFor(({ msg }) => msg === "worker.died");
  await node?.kill("SIGKILL");
  keepAll([], client.frames);
  client.drop();
}
