import { connect, type Socket } from "node:net";
import { SESSION_BODY_LIMIT_BYTES } from "@fairlead/protocol";
import { silentLogger } from "@fairlead/telemetry";
import { describe, expect, it, onTestFinished } from "vitest";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";

const HASTY = { headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 50 };
const DRIBBLE_MS = 20;
/** Far longer than any time-out here, far shorter than those of Node. */
const PATIENCE_MS = 5_000;
const HEAD = "POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";

async function open(port: number): Promise<{ socket: Socket; said: Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  const { promise: said, resolve } = Promise.withResolvers<string>();
  let text = "";
  socket.on("data", (data) => {
    text += String(data);
  });
  socket.once("close", () => resolve(text));
  await new Promise((done) => socket.once("connect", done));
  return { socket, said };
}

/** A byte now and again, for as long as the server listens. */
function dribble(socket: Socket, byte: string): void {
  const timer = setInterval(() => socket.writable && socket.write(byte), DRIBBLE_MS);
  socket.once("close", () => clearInterval(timer));
}

const setUp = async (serving = {}) => {
  const cluster = await startScriptedCluster({ serving: { timeOuts: HASTY, ...serving } });
  const stillServes = async () => expect((await fetch(`${cluster.server.url}/healthz`)).status).toBe(200);
  return { ...cluster, port: cluster.server.port, stillServes };
};

describe("a client that is slow on purpose", { timeout: PATIENCE_MS + 5_000 }, () => {
  it("in sending its headers is cut off, and others are served meanwhile", async () => {
    const { port, stillServes } = await setUp();
    const { socket, said } = await open(port);
    socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    dribble(socket, "a");
    await stillServes();
    expect(await said).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("in sending its body is cut off, with a length or in chunks", async () => {
    const { port, stillServes } = await setUp();
    const withLength = await open(port);
    withLength.socket.write(`${HEAD}Content-Length: 10000\r\n\r\n{`);
    dribble(withLength.socket, " ");
    const inChunks = await open(port);
    inChunks.socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`);
    dribble(inChunks.socket, "1\r\n \r\n");
    await stillServes();
    expect(await withLength.said).toMatch(/^HTTP\/1\.1 408 /);
    expect(await inChunks.said).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("in saying anything at all is cut off", async () => {
    const { port } = await setUp();
    expect(await (await open(port)).said).not.toContain("200");
  });

  it("in sending its first frame is closed when its time to join is over, bytes or none", async () => {
    const { connect: connectClient, stillServes } = await setUpForFrames();
    const [silent, dribbling] = [await connectClient(), await connectClient()];
    // A frame's head (RFC 6455 § 5.2: text, masked, 100 bytes), then its bytes one by one.
    const raw = (dribbling.socket as unknown as { _socket: Socket })._socket;
    raw.write(Uint8Array.of(0x81, 0x80 | 100, 0, 0, 0, 0));
    dribble(raw, "x");
    await stillServes();
    expect(await silent.refusal()).toEqual(["join_timeout", 4408]);
    expect((await dribbling.next("error")).error).toMatchObject({ code: "join_timeout" });
  });
});

async function setUpForFrames() {
  const cluster = await startScriptedCluster({ limits: { joinTimeoutMs: 500 } });
  const stillServes = async () => expect((await fetch(`${cluster.server.url}/healthz`)).status).toBe(200);
  return { ...cluster, stillServes };
}

describe("an idle connection", () => {
  it("is closed after its time, and not before", async () => {
    const { port } = await setUp({ timeOuts: { ...HASTY, keepAliveTimeout: 200 } });
    const { socket, said } = await open(port);
    socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    await new Promise((answered) => socket.once("data", answered));
    socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await said).match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
  });
});

describe("a body that is too large", () => {
  const chunk = `1000\r\n${" ".repeat(0x1000)}\r\n`;

  it.each([
    ["with a length", `Content-Length: ${SESSION_BODY_LIMIT_BYTES + 1}\r\n\r\n`, ""],
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n", chunk.repeat(SESSION_BODY_LIMIT_BYTES / 0x1000 + 1)],
  ])("%s is refused before its end", async (_what, headers, body) => {
    const { port, stillServes } = await setUp();
    const { socket } = await open(port);
    const answered = new Promise((resolve) => socket.once("data", resolve));
    socket.write(`${HEAD}${headers}${body}`);
    expect(String(await answered)).toMatch(/^HTTP\/1\.1 413 /);
    await stillServes();
  });
});

it("compression of frames is not agreed on, so that no small one becomes a large one", async () => {
  const { connect: connectClient } = await startScriptedCluster();
  const { socket } = await connectClient();
  expect(socket.extensions).toBe("");
});

describe("a body that breaks off", () => {
  it.each([
    ["with a length", "Content-Length: 10000\r\n\r\n{"],
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"],
  ])("%s is its sender's doing: no line says that anything failed here", async (_what, rest) => {
    const answered = Promise.withResolvers<unknown>();
    const debug = (event: string, fields: unknown) => event === "http.answered" && answered.resolve(fields);
    const errors: unknown[] = [];
    const error = (...line: unknown[]) => void errors.push(line);
    const { server } = await startScriptedCluster({ log: { ...silentLogger, debug, error } });
    const { socket } = await open(server.port);
    const isTaken = new Promise((resolve) => socket.once("data", resolve));
    socket.write(`${HEAD}Expect: 100-continue\r\n${rest}`);
    expect(String(await isTaken)).toMatch(/^HTTP\/1\.1 100 /);
    socket.destroy();
    expect(await answered.promise).toMatchObject({ status: 400, refusal: "invalid_request" });
    expect(errors).toEqual([]);
  });
});

describe("one address", () => {
  it("has as many connections as it may, and gets another when one has ended", async () => {
    const warnings: unknown[] = [];
    const log = { ...silentLogger, warn: (...line: unknown[]) => void warnings.push(line) };
    const { port } = await setUp({ socketsPerAddress: 2, timeOuts: {}, log });
    const ask = async () => {
      const { socket, said } = await open(port);
      socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      return said;
    };
    const [first] = [await open(port), await open(port)];
    expect([await ask(), await ask()]).toEqual(["", ""]);
    expect(warnings).toEqual([["sockets.refused", { address: "127.0.0.1", limit: 2 }]]);
    first.socket.destroy();
    await first.said;
    await expect.poll(ask).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("is not counted behind a proxy, whose connections they all are", async () => {
    const { port } = await setUp({ socketsPerAddress: 1, trustedProxies: 1 });
    await open(port);
    const { socket, said } = await open(port);
    socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(await said).toMatch(/^HTTP\/1\.1 200 /);
  });
});
