import { silentLogger } from "@fairlead/telemetry";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { serveRtmp } from "./serve-rtmp.ts";
import { GOOD_KEY, openToSockets } from "./testing/open-to-sockets.ts";
import {
  command,
  connectCommand,
  handshake,
  message,
  NULL,
  publishCommands,
  speakRtmp,
  text,
} from "./testing/speak-rtmp.ts";

/** `npm run test:long`: 10,000 and more. */
const CONNECTIONS = Number(process.env.FAIRLEAD_FUZZ_INPUTS ?? 20_000) / 10;
const AT_ONCE = 50;
const MOST_GROWTH_BYTES = 200 * 1024 * 1024;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const piece = fc.oneof(
  bytes,
  fc.tuple(fc.nat(22), bytes).map(([type, payload]) => message(type, payload, 1)),
  fc
    .tuple(
      fc.constantFrom("connect", "createStream", "publish", "play", "deleteStream", "constructor"),
      bytes,
    )
    .map(([name, rest]) => command(name, 1, rest)),
  fc.constantFrom(
    connectCommand(),
    command("publish", 3, NULL, text(GOOD_KEY)),
    message(1, Buffer.from([0, 0, 255, 255])),
  ),
);
/** From garbage to what a publisher sends, and then garbage. */
const start = fc.constantFrom(
  Buffer.alloc(0),
  Buffer.from([3]),
  handshake(),
  Buffer.concat([handshake(), publishCommands(GOOD_KEY)]),
);
const connection = fc
  .tuple(start, fc.array(piece, { maxLength: 12 }))
  .map(([first, pieces]) => Buffer.concat([first, ...pieces]));

it("whatever a connection sends ends that connection alone, and memory stays bounded", {
  timeout: 600_000,
}, async () => {
  const { open, close } = openToSockets();
  const limits = { connectionsPerAddress: 2 * AT_ONCE };
  const server = await serveRtmp({
    host: "127.0.0.1",
    port: 0,
    open,
    ffmpeg: "/bin/false",
    log: silentLogger,
    limits,
  });
  closing.push(() => server.close(), close);
  const before = process.memoryUsage().rss;
  const inputs = fc.sample(connection, { numRuns: CONNECTIONS, seed: 15 });
  while (inputs.length > 0) {
    await Promise.all(
      inputs.splice(0, AT_ONCE).map(async (input) => {
        const speaker = speakRtmp(server.port);
        speaker.socket.end(input);
        await speaker.closed;
      }),
    );
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(MOST_GROWTH_BYTES);
  await expect.poll(() => server.publishers(), { timeout: 10_000 }).toEqual([]);
});
