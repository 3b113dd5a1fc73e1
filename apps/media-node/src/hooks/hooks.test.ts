import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { type FairleadError, toErrorBody } from "@fairlead/protocol";
import { MetricsStore, silentLogger } from "@fairlead/telemetry";
import { createConsoleLogger } from "@fairlead/telemetry/console";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHooks, type HooksOptions } from "./create-hooks.ts";
import { DoneQueue } from "./done-queue.ts";
import { type HookFacts, noHooks } from "./hooks.ts";

const SECRET = "a-secret-of-the-operator";
const SOON = { timeout: 10_000 };
const FACTS: HookFacts = {
  broadcastId: "launch",
  kind: "whip",
  sessionId: "session-1",
  identity: null,
  address: "192.0.2.7",
  cacheKey: "hash-of-a-key",
};

type Told = { hook: string; sessionId: string; id: string };

/** The operator's server, and hooks that ask it. */
async function setUp(listener: RequestListener, options: Partial<HooksOptions> = {}) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return ask(await portOf(server), options);
}

async function portOf(server: ReturnType<typeof createTcpServer>): Promise<number> {
  if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
  return (server.address() as AddressInfo).port;
}

function ask(port: number, options: Partial<HooksOptions>) {
  const metrics = new MetricsStore();
  const url = `http://127.0.0.1:${port}/hooks?of=fairlead`;
  const hooks = createHooks({
    url,
    secret: SECRET,
    isFailOpen: false,
    log: silentLogger,
    metrics,
    // However busy the machine is: the tests that wait for it say less.
    timeoutMs: 20_000,
    ...options,
  });
  return { hooks, metrics };
}

const answering = (status: number, headers = {}): RequestListener => {
  return (request, response) =>
    void request.resume().on("end", () => response.writeHead(status, headers).end());
};

const codeOf = (asked: Promise<void>) =>
  asked.then(
    () => null,
    (error: FairleadError) => error.code,
  );

/** Keeps what was told, and answers by `statuses` in turn, then 204. */
function recording(told: Told[], statuses: number[] = []): RequestListener {
  return async (request, response) => {
    told.push(JSON.parse(await text(request)) as Told);
    response.writeHead(statuses.shift() ?? 204).end();
  };
}

describe("a hook", () => {
  it("is a POST that names the facts and is signed, and has no key in it", async () => {
    const seen: { request: IncomingMessage; body: string }[] = [];
    const now = () => 1_800_000_000_123;
    const { hooks } = await setUp(
      async (request, response) => {
        seen.push({ request, body: await text(request) });
        response.writeHead(204).end();
      },
      { now },
    );
    await hooks.askPublish(FACTS);
    const [{ request, body } = expect.fail("nothing came")] = seen;
    expect([request.method, request.url]).toEqual(["POST", "/hooks?of=fairlead"]);
    const { cacheKey, ...facts } = FACTS;
    expect(JSON.parse(body)).toEqual({ id: expect.any(String), hook: "on_publish", atMs: now(), ...facts });
    expect(body).not.toContain(cacheKey);
    const signature = createHmac("sha256", SECRET).update(`1800000000.${body}`).digest("hex");
    expect(request.headers["fairlead-signature"]).toBe(`t=1800000000,v1=${signature}`);
  });

  it.each([200, 201, 204])("that answers %i says yes", async (status) => {
    const { hooks } = await setUp(answering(status));
    await hooks.askPlay(FACTS);
  });

  it.each([400, 401, 403, 404, 429])("that answers %i refuses", async (status) => {
    const { hooks } = await setUp(answering(status));
    expect(await codeOf(hooks.askPlay(FACTS))).toBe("hook_refused");
  });

  it.each([301, 302, 303, 307, 308])("that redirects by %i refuses, and is not followed", async (status) => {
    const asked: (string | undefined)[] = [];
    const { hooks } = await setUp((request, response) => {
      asked.push(request.url);
      answering(status, { Location: "/elsewhere" })(request, response);
    });
    expect(await codeOf(hooks.askPublish(FACTS))).toBe("hook_refused");
    expect(asked).toEqual(["/hooks?of=fairlead"]);
  });

  it.each([500, 502, 503])("that answers %i was not reached", async (status) => {
    const { hooks, metrics } = await setUp(answering(status));
    expect(await codeOf(hooks.askPublish(FACTS))).toBe("hook_unreachable");
    expect(metrics.counts.get("hook.failed on_publish")).toBe(1);
  });

  it("that hangs, closes or talks nonsense was not reached, and nothing of it is told", async () => {
    const behaviours: ((socket: Socket) => void)[] = [
      () => {},
      (socket) => socket.destroy(),
      (socket) => socket.end("220 mail.example.org ESMTP\r\n"),
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nX-Long: ${"a".repeat(100_000)}`),
      (socket) => socket.write("HTTP/1.1 100 Continue\r\n\r\n"),
    ];
    for (const behave of behaviours) {
      const server = createTcpServer((socket) => {
        onTestFinished(() => void socket.destroy());
        socket.on("error", () => {});
        behave(socket);
      }).listen(0, "127.0.0.1");
      onTestFinished(() => void server.close());
      const { hooks } = ask(await portOf(server), { timeoutMs: 200 });
      const error = await hooks.askPublish(FACTS).catch((refusal: unknown) => toErrorBody(refusal));
      expect(error).toEqual({
        code: "hook_unreachable",
        message: "hook unreachable",
        retryAfterMs: 200,
      });
    }
  });

  it("with an endless body has answered by its status, and its body is not read", async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const { hooks } = await setUp((_request, response) => {
      response.on("close", resolve);
      const pour = () => {
        while (response.write("x".repeat(65_536)));
      };
      response.on("drain", pour);
      pour();
    });
    await hooks.askPublish(FACTS);
    await closed;
  });

  it("is asked 50 times at once and no more: the others wait, within their time", async () => {
    const open: ServerResponse[] = [];
    const { promise: isFull, resolve } = Promise.withResolvers<void>();
    const { hooks } = await setUp((_request, response) => {
      open.push(response);
      if (open.length === 50) resolve();
      if (open.length > 50) response.writeHead(204).end();
    });
    const asked = Array.from({ length: 55 }, (_, index) =>
      hooks.askPublish({ ...FACTS, cacheKey: `${index}` }),
    );
    await isFull;
    expect(open).toHaveLength(50);
    for (const response of open.slice(0, 50)) response.writeHead(204).end();
    await Promise.all(asked);
    expect(open).toHaveLength(55);
  });

  it("is asked of a publisher at once, however many viewers and ends wait", async () => {
    const held: ServerResponse[] = [];
    let isHolding = true;
    const { hooks } = await setUp(async (request, response) => {
      const { hook } = JSON.parse(await text(request)) as Told;
      if (hook !== "on_publish" && isHolding) held.push(response);
      else response.writeHead(204).end();
    });
    const asked = Array.from({ length: 60 }, (_, index) => {
      hooks.tellPlayDone({ ...FACTS, sessionId: `session-${index}` });
      return hooks.askPlay({ ...FACTS, cacheKey: `${index}` });
    });
    await expect.poll(() => held.length, SOON).toBe(45);
    await hooks.askPublish(FACTS);
    expect(held).toHaveLength(45);
    isHolding = false;
    for (const response of held) response.writeHead(204).end();
    await Promise.all(asked);
    await hooks.close();
  });

  it("whose turn does not come in time was not reached", async () => {
    const { hooks } = await setUp(() => {}, { timeoutMs: 300 });
    const asked = Array.from({ length: 60 }, (_, index) =>
      codeOf(hooks.askPlay({ ...FACTS, cacheKey: `${index}` })),
    );
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["hook_unreachable"]));
  });

  it("that stops and begins to answer is told to the operator once each, however often it does between", async () => {
    const lines: string[] = [];
    const log = createConsoleLogger({ level: "info", write: (line) => lines.push(JSON.parse(line).msg) });
    const clock = { nowMs: 1_800_000_000_000 };
    const statuses = [204, 500, 204, 500, 204, 204];
    const { hooks } = await setUp(recording([], statuses), { log, now: () => clock.nowMs });
    for (let time = 0; time < 6; time += 1) {
      if (time === 5) clock.nowMs += 5_000;
      await codeOf(hooks.askPlay({ ...FACTS, cacheKey: `${time}` }));
    }
    expect(lines).toEqual(["hook.unreachable", "hook.reached"]);
  });

  it("lets everybody in while it can't be reached, if the operator says so; not who is refused", async () => {
    let status = 500;
    const { hooks } = await setUp((request, response) => answering(status)(request, response), {
      isFailOpen: true,
    });
    await hooks.askPublish(FACTS);
    status = 403;
    expect(await codeOf(hooks.askPublish(FACTS))).toBe("hook_refused");
  });
});

describe("the answer of a hook", () => {
  const counting = async (statuses: number[]) => {
    const clock = { nowMs: 1_800_000_000_000 };
    const told: Told[] = [];
    const { hooks } = await setUp(recording(told, statuses), { now: () => clock.nowMs });
    return { clock, told, hooks };
  };

  it.each([
    [204, null],
    [403, "hook_refused"],
  ])("%i stands for ten seconds for the same key, hook and broadcast", async (status, code) => {
    const { clock, told, hooks } = await counting([status, 204, 204, 204, 204]);
    expect(await codeOf(hooks.askPlay(FACTS))).toBe(code);
    clock.nowMs += 9_999;
    expect(await codeOf(hooks.askPlay({ ...FACTS, sessionId: "session-2" }))).toBe(code);
    expect(told).toHaveLength(1);
    await hooks.askPublish(FACTS);
    await hooks.askPlay({ ...FACTS, cacheKey: "another" });
    await hooks.askPlay({ ...FACTS, broadcastId: "another" });
    expect(told).toHaveLength(4);
    clock.nowMs += 1;
    await hooks.askPlay(FACTS);
    expect(told).toHaveLength(5);
  });

  it("is asked for anew once the publisher is done, of whatever session: its server hears last that it publishes", async () => {
    const { told, hooks } = await counting([]);
    await hooks.askPublish(FACTS);
    hooks.tellPublishDone(FACTS);
    await expect.poll(() => told.length).toBe(2);
    await hooks.askPublish({ ...FACTS, sessionId: "session-2" });
    expect(told.map(({ hook }) => hook)).toEqual(["on_publish", "on_publish_done", "on_publish"]);
  });

  it("is not kept longer when the clock is set back", async () => {
    const { clock, told, hooks } = await counting([]);
    await hooks.askPlay(FACTS);
    clock.nowMs -= 3_600_000;
    await hooks.askPlay(FACTS);
    expect(told).toHaveLength(2);
  });

  it("serves all who ask meanwhile", async () => {
    const { told, hooks } = await counting([403]);
    const codes = await Promise.all([1, 2, 3].map(() => codeOf(hooks.askPlay(FACTS))));
    expect(codes).toEqual(["hook_refused", "hook_refused", "hook_refused"]);
    expect(told).toHaveLength(1);
  });

  it("that did not come is asked for again at once", async () => {
    const { told, hooks } = await counting([500, 204]);
    expect(await codeOf(hooks.askPlay(FACTS))).toBe("hook_unreachable");
    await hooks.askPlay(FACTS);
    expect(told).toHaveLength(2);
  });
});

describe("an end", () => {
  it("is told again, under the same id, until the hook answers", async () => {
    const told: Told[] = [];
    const { hooks } = await setUp(recording(told, [500, 503]), { retryDelaysMs: [1, 1, 1] });
    hooks.tellPublishDone(FACTS);
    await expect.poll(() => told.length, SOON).toBe(3);
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(told[0]).toMatchObject({ hook: "on_publish_done", sessionId: "session-1" });
    await hooks.close();
  });

  it("comes after what was told of its session before, and waits for no other session", async () => {
    const told: Told[] = [];
    const first = Promise.withResolvers<ServerResponse>();
    const { hooks } = await setUp(
      async (request, response) => {
        told.push(JSON.parse(await text(request)) as Told);
        if (told.length === 1) first.resolve(response);
        else response.writeHead(204).end();
      },
      { retryDelaysMs: [1] },
    );
    hooks.tellPlayDone(FACTS);
    const unanswered = await first.promise;
    hooks.tellPublishDone(FACTS);
    hooks.tellPlayDone({ ...FACTS, sessionId: "session-2" });
    await expect.poll(() => told.length, SOON).toBe(2);
    unanswered.writeHead(500).end();
    await expect.poll(() => told.length, SOON).toBe(4);
    const names = told.map(({ hook, sessionId }) => `${hook} ${sessionId}`);
    expect(names).toEqual([
      "on_play_done session-1",
      "on_play_done session-2",
      "on_play_done session-1",
      "on_publish_done session-1",
    ]);
    await hooks.close();
  });

  it("keeps no ask waiting, however many there are", async () => {
    const held: ServerResponse[] = [];
    let isHolding = true;
    const { hooks } = await setUp(async (request, response) => {
      const { hook } = JSON.parse(await text(request)) as Told;
      if (hook === "on_play_done" && isHolding) held.push(response);
      else response.writeHead(204).end();
    });
    for (let index = 0; index < 60; index += 1)
      hooks.tellPlayDone({ ...FACTS, sessionId: `session-${index}` });
    await expect.poll(() => held.length, SOON).toBe(10);
    await hooks.askPublish(FACTS);
    expect(held).toHaveLength(10);
    isHolding = false;
    for (const response of held) response.writeHead(204).end();
    await hooks.close();
  });

  it("is dropped when too many wait", async () => {
    const { promise: isOver, resolve } = Promise.withResolvers<void>();
    let dropped = 0;
    const told: number[] = [];
    const dones = new DoneQueue({
      atOnce: 2,
      max: 3,
      retryDelaysMs: [],
      onDropped: () => {
        dropped += 1;
      },
    });
    const tell = (index: number) => isOver.then(() => void told.push(index));
    for (let index = 0; index < 5; index += 1) dones.add({ sessionId: `${index}`, tell: () => tell(index) });
    expect(dropped).toBe(2);
    resolve();
    await dones.close(20_000);
    expect(told).toEqual([0, 1, 2]);
  });

  it("that is still to be told when the node closes is tried once more, and not again", async () => {
    const told: Told[] = [];
    const { hooks } = await setUp(recording(told, [500, 500, 500]), { retryDelaysMs: [60_000] });
    hooks.tellPublishDone(FACTS);
    await expect.poll(() => told.length, SOON).toBe(1);
    await hooks.close();
    expect(told).toHaveLength(1);
  });
});

it("without configuration everybody is let in, and nobody is told", async () => {
  await noHooks.askPublish(FACTS);
  await noHooks.askPlay(FACTS);
  noHooks.tellPublishDone(FACTS);
  noHooks.tellPlayDone(FACTS);
  await noHooks.close();
});
