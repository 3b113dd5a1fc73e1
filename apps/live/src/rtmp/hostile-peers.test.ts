import { connect, createServer } from "node:net";
import { connect as connectTls } from "node:tls";
import { createConsoleLogger } from "@fairlead/telemetry/console";
import { afterEach, describe, expect, it } from "vitest";
import type { OpenIngest } from "../ingest/open-ingest.ts";
import { limitsOf, type RtmpOptions, serveRtmp } from "./serve-rtmp.ts";
import { GOOD_KEY, openToSockets } from "./testing/open-to-sockets.ts";
import {
  command,
  connectCommand,
  handshake,
  message,
  NULL,
  publishCommands,
  type Speaker,
  speakRtmp,
  text,
} from "./testing/speak-rtmp.ts";

/** TLS without a certificate, which no test needs to keep. */
const ANONYMOUS = { ciphers: "aNULL:@SECLEVEL=0", maxVersion: "TLSv1.2", rejectUnauthorized: false } as const;

const PATIENT = { timeout: 10_000 };

const closing: (() => unknown)[] = [];

/** No byte of these tests reaches ffmpeg. */
async function setUp(options: Partial<RtmpOptions> = {}) {
  const ingests = openToSockets();
  const lines: string[] = [];
  const log = createConsoleLogger({ level: "debug", write: (line) => void lines.push(line) });
  const server = await serveRtmp({
    ...{ host: "127.0.0.1", port: 0, open: ingests.open, ffmpeg: "/nonexistent/ffmpeg", log },
    ...options,
  });
  closing.push(() => server.close(), ingests.close);
  return { ...ingests, server, port: server.port, log: () => lines.join("\n") };
}

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function publish(port: number): Promise<Speaker> {
  const speaker = speakRtmp(port);
  speaker.send(handshake(), publishCommands(GOOD_KEY));
  await expect.poll(() => speaker.heard(), PATIENT).toContain("NetStream.Publish.Start");
  return speaker;
}

const video = (bytes: Buffer) => message(9, bytes, 1);
const chunkHeader = (length: number, type: number, stream: number) =>
  Buffer.from([stream, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255, type, 0, 0, 0, 0]);
/** The first chunk of a message. */
const beginning = (length: number, type: number, stream: number) =>
  Buffer.concat([chunkHeader(length, type, stream), Buffer.alloc(Math.min(128, length))]);

describe("a peer by RTMP", () => {
  it.each([
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["a message of 17 KB before it publishes", Buffer.concat([handshake(), beginning(17 * 1_024, 20, 3)])],
    [
      "nine chunk streams",
      Buffer.concat([handshake(), ...[2, 3, 4, 5, 6, 7, 8, 9, 10].map((id) => beginning(200, 20, id))]),
    ],
    [
      "a message within a message",
      Buffer.concat([handshake(), chunkHeader(200, 20, 3), Buffer.alloc(128), chunkHeader(16_000, 20, 3)]),
    ],
    ["chunks of no byte", Buffer.concat([handshake(), message(1, Buffer.alloc(4))])],
    ["a connect without an app", Buffer.concat([handshake(), command("connect", 1, NULL)])],
    ["media before it publishes", Buffer.concat([handshake(), message(9, Buffer.alloc(9))])],
    ["publish before connect", Buffer.concat([handshake(), command("publish", 3, NULL, text(GOOD_KEY))])],
    [
      "AMF without an end",
      Buffer.concat([handshake(), message(20, Buffer.concat([text("connect"), Buffer.alloc(99, 3)]))]),
    ],
    ["65 KB before it publishes", Buffer.concat([handshake(), Buffer.alloc(70_000, connectCommand())])],
  ])("that sends %s is closed, and nobody else notices", async (_what, bytes) => {
    const { port, asked } = await setUp();
    const other = await publish(port);
    const speaker = speakRtmp(port);
    speaker.send(bytes);
    await speaker.closed;
    expect(asked).toHaveLength(1);
    expect(other.socket.destroyed).toBe(false);
  });

  it.each([
    [
      "HEVC",
      video(Buffer.from("\x90hvc1\0\0\0\0", "latin1")),
      "The encoder sends HEVC: set its video encoder to H.264",
    ],
    ["AV1", video(Buffer.from("\x90av01\0\0\0\0", "latin1")), "sends AV1"],
    ["VP9", video(Buffer.from("\x90vp09\0\0\0\0", "latin1")), "sends VP9"],
    [
      "Opus",
      message(8, Buffer.from("\x90Opus\0\0", "latin1"), 1),
      "The encoder sends Opus: set its audio encoder to AAC",
    ],
    [
      "H.264 without a header that can be read",
      video(Buffer.from([0x17, 0, 0, 0, 0, 1, 2])),
      "header can't be read",
    ],
  ])("that sends %s is told so in words, as its home is", async (_what, bytes, words) => {
    const { port, closed, refused } = await setUp();
    const speaker = await publish(port);
    speaker.send(bytes);
    await speaker.closed;
    expect(speaker.heard()).toContain(words);
    expect(closed()).toBe(1);
    expect(refused).toEqual([expect.stringContaining(words)]);
  });

  it("that wants to play, or has no name, is told so in words, and no key stands in the log", async () => {
    const { port, log } = await setUp();
    const [player, nameless, wrong] = [speakRtmp(port), speakRtmp(port), speakRtmp(port)];
    player.send(handshake(), connectCommand(), command("play", 3, NULL, text("live")));
    nameless.send(handshake(), connectCommand(), command("publish", 3, NULL, NULL));
    wrong.send(handshake(), publishCommands("cast.secret?secret=1"));
    await Promise.all([player.closed, nameless.closed, wrong.closed]);
    expect(player.heard()).toContain("watch by WebRTC");
    expect(nameless.heard()).toContain("No stream key");
    expect(wrong.heard()).toContain("NetStream.Publish.BadName");
    expect(log()).not.toContain("secret");
    expect(log()).toContain("127.0.0.1");
  });

  it("that is slow to publish is closed", async () => {
    const { port, asked } = await setUp({ timeouts: { publishMs: 200 } });
    const slow = speakRtmp(port);
    slow.send(handshake().subarray(0, 100));
    await slow.closed;
    expect(asked).toEqual([]);
  });

  it("that publishes, and then sends all but media, is closed as silent", async () => {
    let nowMs = 0;
    const { port, closed } = await setUp({ timeouts: { idleMs: 400 }, now: () => nowMs });
    const silent = await publish(port);
    const talk = setInterval(
      () => silent.send(message(18, Buffer.alloc(4), 1), message(3, Buffer.alloc(4))),
      20,
    );
    closing.unshift(() => clearInterval(talk));
    nowMs = 401;
    await silent.closed;
    expect(closed()).toBe(1);
  });

  it.each([
    ["10,001 messages at once, of a byte each,", message(8, Buffer.alloc(1), 1), 10_001],
    ["as many commands", command("nothing", 9, NULL), 10_001],
    ["more than 3 times the bits, of what is no media,", message(3, Buffer.alloc(60_000)), 400],
  ])("that publishes, and sends %s is told so in words", async (_what, bytes, times) => {
    const { port, closed } = await setUp({ now: () => 0 });
    const speaker = await publish(port);
    for (let sent = 0; sent < times; sent++) speaker.send(bytes);
    await speaker.closed;
    expect(speaker.heard()).toContain("sends too much at once");
    expect(closed()).toBe(1);
  });

  it("that begins messages of 4 MB and ends none is closed with the third", async () => {
    const { port, closed, log } = await setUp();
    const speaker = await publish(port);
    const large = 4 * 1024 * 1024 - 2_048;
    speaker.send(...[5, 6, 7].map((id) => beginning(large, 9, id)));
    await speaker.closed;
    expect(log()).toContain("too much is unfinished");
    expect(closed()).toBe(1);
  });

  it("hears nothing before its key was judged, and leaves nothing when it goes meanwhile", async () => {
    let answer = () => {};
    let closed = 0;
    const judged = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const opened = {
      start: () => Promise.reject(new Error("no")),
      noteHealth: () => {},
      ended: new Promise<string>(() => {}),
    };
    const open: OpenIngest = async () => {
      await judged;
      return { ...opened, close: () => void closed++ };
    };
    const { port, server } = await setUp({ open });
    const speaker = speakRtmp(port);
    speaker.send(handshake(), publishCommands(GOOD_KEY));
    await expect.poll(() => speaker.heard(), PATIENT).toContain("_result");
    expect(speaker.heard()).not.toContain("NetStream.Publish");
    speaker.socket.destroy();
    answer();
    await expect.poll(() => closed, PATIENT).toBe(1);
    expect(server.publishers()).toEqual([]);
  });

  it("is one of so many: in all, of its address, and of those that publish", async () => {
    const { port } = await setUp({ limits: { connections: 3, connectionsPerAddress: 2, publishers: 1 } });
    const first = await publish(port);
    const second = speakRtmp(port);
    second.send(handshake(), publishCommands(GOOD_KEY));
    await second.closed;
    expect(second.heard()).toContain("This server takes no more streams");
    const [third, fourth] = [speakRtmp(port), speakRtmp(port)];
    await Promise.race([third.closed, fourth.closed]);
    first.socket.destroy();
    await first.closed;
    await expect.poll(async () => (await publish(port)).socket.destroyed, PATIENT).toBe(false);
  });

  it("by IPv6 counts with all of its /64", async () => {
    const { port, asked } = await setUp({ isBehindProxy: true, limits: { connectionsPerAddress: 1 } });
    const comeFrom = (address: string) => {
      const speaker = speakRtmp(port);
      speaker.send(
        Buffer.from(`PROXY TCP6 ${address} ::1 4000 1935\r\n`),
        handshake(),
        publishCommands(GOOD_KEY),
      );
      return speaker;
    };
    const first = comeFrom("2001:db8::7");
    await expect.poll(() => first.heard(), PATIENT).toContain("NetStream.Publish.Start");
    const second = comeFrom("2001:db8::8:7");
    await second.closed;
    const elsewhere = comeFrom("2001:db8:0:1::7");
    await expect.poll(() => elsewhere.heard(), PATIENT).toContain("NetStream.Publish.Start");
    expect(asked.map(({ address }) => address)).toEqual(["2001:db8::7", "2001:db8:0:1::7"]);
  });

  it("is told why it has to go when the server shuts down", async () => {
    const { port, server, closed } = await setUp();
    const speaker = await publish(port);
    await server.close();
    await speaker.closed;
    expect(speaker.heard()).toContain("shutting down");
    expect(closed()).toBe(1);
    const probe = createServer().listen(port, "127.0.0.1");
    closing.push(() => probe.close());
  });

  it("behind a balancer has the address of its PROXY header, and without one is closed", async () => {
    const { port, asked } = await setUp({ isBehindProxy: true });
    const [first, second, bare] = [speakRtmp(port), speakRtmp(port), speakRtmp(port)];
    const v2 = Buffer.concat([
      Buffer.from([13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x21, 0x11, 0, 12]),
      Buffer.from([203, 0, 113, 8, 127, 0, 0, 1, 1, 2, 3, 4]),
    ]);
    first.send(
      Buffer.from("PROXY TCP6 2001:db8::7 ::1 4000 1935\r\n"),
      handshake(),
      publishCommands(GOOD_KEY),
    );
    second.send(v2, handshake(), publishCommands(GOOD_KEY));
    bare.send(handshake(), publishCommands(GOOD_KEY));
    await bare.closed;
    await expect
      .poll(() => asked.map(({ address }) => address).sort(), PATIENT)
      .toEqual(["2001:db8::7", "203.0.113.8"]);
  });

  it("may come over TLS, behind a balancer too", async () => {
    const tls = { port: 0, options: ANONYMOUS };
    const [direct, behind] = await Promise.all([setUp({ tls }), setUp({ tls, isBehindProxy: true })]);
    const plain = connect(behind.server.tlsPort ?? 0, "127.0.0.1");
    plain.write("PROXY TCP4 203.0.113.9 127.0.0.1 4000 1936\r\n");
    const speakers = [
      speakRtmp(connectTls({ ...ANONYMOUS, port: direct.server.tlsPort ?? 0, host: "127.0.0.1" })),
      speakRtmp(connectTls({ ...ANONYMOUS, socket: plain })),
    ];
    for (const speaker of speakers) {
      speaker.send(handshake(), publishCommands(GOOD_KEY));
      await expect.poll(() => speaker.heard(), PATIENT).toContain("NetStream.Publish.Start");
    }
    expect(direct.asked.map(({ address }) => address)).toEqual(["127.0.0.1"]);
    expect(behind.asked.map(({ address }) => address)).toEqual(["203.0.113.9"]);
    const garbage = speakRtmp(direct.server.tlsPort ?? 0);
    garbage.send(handshake());
    await garbage.closed;
  });
});

it("where more publishers are let in, more connections are", () => {
  expect(limitsOf().connections).toBe(1_000);
  expect(limitsOf({ publishers: 2_000 }).connections).toBe(4_000);
  expect(limitsOf({ publishers: 2_000, connections: 3 }).connections).toBe(3);
});
