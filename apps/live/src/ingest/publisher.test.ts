import { encodeJson, type NodeCallHandlers, serveSubject } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import {
  type ErrorCode,
  FairleadError,
  type HlsOrder,
  type HlsReport,
  type RoomControl,
  subjects,
} from "@fairlead/protocol";
import type { IngestPlace } from "@fairlead/signaling/ingest";
import { noMetrics, silentLogger } from "@fairlead/telemetry";
import { afterEach, expect, it, vi } from "vitest";
import type { EncoderMedia } from "../media/encoder-media.ts";
import { WORDS } from "./ends-publisher.ts";
import { Publisher } from "./publisher.ts";

const VIDEO = { ip: "127.0.0.1", rtpPort: 1, rtcpPort: 2, payloadType: 96, ssrc: 3 };
const ORDER: HlsOrder = { run: 7, firstSequence: 3 };
const REPORT: HlsReport = { run: 7, nextSequence: 5, url: "/hls/show/", viewers: 0 };
const TRACKS = { video: { profileLevelId: "42e01f" }, audio: false };

afterEach(() => vi.useRealTimers());

/** A bus with homes `a` and `b`, and the media of one encoder whose pipes are numbers. */
function setUp(options: { isPackaged?: boolean } = {}) {
  const bus = createMemoryBus();
  const said: string[] = [];
  const refusals = new Map<string, ErrorCode>();
  /** What each home wants packaged. */
  const orders = new Map<string, HlsOrder>();
  const packager = {
    orders: [] as (HlsOrder | null)[],
    setOrder: (order: HlsOrder | null) => void packager.orders.push(order),
    reported: null as HlsReport | null,
    report: () => packager.reported,
    ...{
      accept: vi.fn(),
      restarted: vi.fn(),
      stopped: vi.fn(),
      noteBandwidth: vi.fn(),
      close: vi.fn(async () => {}),
    },
  };
  const serve = (incarnation: string) => {
    const answer = (name: "open" | "connect" | "prove" | "close", about: (request: unknown) => string) => {
      return (request: unknown) => {
        said.push(`${incarnation} ${name} ${about(request)}`.trim());
        const code = refusals.get(`${incarnation} ${name}`);
        if (code) throw new FairleadError(code);
        if (name === "prove") return orders.has(incarnation) ? { hls: orders.get(incarnation) } : {};
        return name === "connect" ? { pipe: { ip: "127.0.0.1", port: 1 } } : {};
      };
    };
    const handlers = {
      "ingest.connect": answer("connect", (request) =>
        String((request as { pipe: { port: number } }).pipe.port),
      ),
      "ingest.prove": answer("prove", (request) =>
        options.isPackaged ? String((request as { hls?: HlsReport }).hls?.nextSequence) : "",
      ),
      "ingest.close": answer("close", (request) => (request as { refused?: string }).refused ?? ""),
    } as unknown as Partial<NodeCallHandlers>;
    const onBug = (error: unknown) => {
      throw error;
    };
    return serveSubject(bus, subjects.nodeCall(incarnation), handlers, { onBug });
  };
  const pipes: { port: number; isClosed: boolean }[] = [];
  const openPipe = async () => {
    const pipe = { port: pipes.length + 1, isClosed: false };
    pipes.push(pipe);
    return {
      address: { ip: "127.0.0.1", port: pipe.port },
      tracks: [{ source: "camera", kind: "video", rtpParameters: {} }],
      connect: async () => {},
      close: () => {
        pipe.isClosed = true;
      },
    };
  };
  const worker = Promise.withResolvers<void>();
  const media = {
    ...{ openPipe, died: worker.promise, close: vi.fn() },
    targetOf: (kind: string) => (kind === "video" ? VIDEO : null),
  };
  const placeAt = (incarnation: string): IngestPlace => ({
    broadcastId: "show",
    incarnation,
    sessionId: `at-${incarnation}`,
  });
  const openAgain = vi.fn(async () => placeAt("b"));
  const publisher = new Publisher(
    {
      ...{ bus, reach: {}, log: silentLogger, metrics: noMetrics, now: Date.now, openAgain },
      openMedia: async () => media as unknown as EncoderMedia,
      ...(options.isPackaged ? { createPackager: () => packager } : {}),
    },
    placeAt("a"),
  );
  const homes = { a: serve("a"), b: serve("b") };
  const tellMoved = (incarnation: string) => {
    const lease = { roomId: "show", nodeId: "n", incarnation, core: 0, epoch: 2 };
    bus.publish(subjects.roomControl("show"), encodeJson({ type: "moved", lease } satisfies RoomControl));
  };
  return { orders, packager, publisher, homes, said, refusals, pipes, media, worker, openAgain, tellMoved };
}

type SetUp = ReturnType<typeof setUp>;

async function started(options: Parameters<typeof setUp>[0] = {}): Promise<SetUp> {
  vi.useFakeTimers();
  const parts = setUp(options);
  const targets = await parts.publisher.start(TRACKS);
  expect(targets).toEqual({ video: VIDEO, audio: null });
  return parts;
}

/** Its media comes by the second pipe to `b`, and by no other. */
function expectAtB({ said, pipes, media }: SetUp): void {
  expect(said).toContain("b connect 2");
  expect(pipes.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  expect(media.close).not.toHaveBeenCalled();
}

it("its packager hears soon what the home wants, and the home where it is served; then each second", async () => {
  const { orders, packager, publisher, said } = await started({ isPackaged: true });
  await vi.advanceTimersByTimeAsync(250);
  expect(packager.orders).toEqual([null]);
  orders.set("a", ORDER);
  await vi.advanceTimersByTimeAsync(200);
  expect(packager.orders).toEqual([null, ORDER]);
  packager.reported = REPORT;
  await vi.advanceTimersByTimeAsync(200);
  expect(said.slice(1)).toEqual(["a prove undefined", "a prove undefined", "a prove 5"]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(packager.orders).toEqual([null, ORDER, ORDER, ORDER]);
  expect(said.slice(-1)).toEqual(["a prove 5"]);
  publisher.close();
  expect(packager.close).toHaveBeenCalledOnce();
});

it("proves each second that its encoder is there, and says goodbye once", async () => {
  const { publisher, said, media, pipes } = await started();
  await vi.advanceTimersByTimeAsync(2_000);
  publisher.close("Too much.");
  publisher.close();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(said).toEqual(["a connect 1", "a prove", "a prove", "a close Too much."]);
  expect(media.close).toHaveBeenCalledOnce();
  expect(pipes[0]?.isClosed).toBe(true);
});

it("goes to the room's new home when it is told, and drops the old pipe", async () => {
  const parts = await started();
  parts.tellMoved("b");
  await vi.advanceTimersByTimeAsync(10);
  expectAtB(parts);
  expect(parts.said.at(-1)).toBe("a close");
});

it("is told twice, and is claimed once", async () => {
  const parts = await started();
  parts.tellMoved("b");
  parts.tellMoved("b");
  await vi.advanceTimersByTimeAsync(10);
  expect(parts.openAgain).toHaveBeenCalledOnce();
});

it.each<[string, (parts: SetUp) => void]>([
  ["has forgotten it", ({ refusals }) => void refusals.set("a prove", "session_gone")],
  ["is dead", ({ homes }) => homes.a.unsubscribe()],
])("finds the new home by itself when the old one %s", async (_, fail) => {
  const parts = await started();
  fail(parts);
  await vi.advanceTimersByTimeAsync(1_100);
  expectAtB(parts);
});

it("goes on trying while no home takes it, and leaves nothing at those that fail", async () => {
  const parts = await started();
  parts.refusals.set("b connect", "lease_lost");
  parts.tellMoved("b");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(parts.said.filter((line) => line === "b close").length).toBeGreaterThan(3);
  expect(parts.pipes.slice(1).every(({ isClosed }) => isClosed)).toBe(true);
  parts.refusals.clear();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(parts.pipes.at(-1)?.isClosed).toBe(false);
});

it("gives up after 30 seconds, with words", async () => {
  const { publisher, openAgain, tellMoved } = await started();
  openAgain.mockRejectedValue(new FairleadError("no_capacity"));
  tellMoved("b");
  await vi.advanceTimersByTimeAsync(29_000);
  expect(await Promise.race([publisher.ended, "not yet"])).toBe("not yet");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await publisher.ended).toBe(WORDS.lost);
});

it.each<[ErrorCode, RegExp]>([
  ["broadcast_ended", /has ended/],
  ["stream_key_invalid", /key/],
  ["hook_refused", /refuses/],
])("ends at once after %s", async (code, words) => {
  const { publisher, openAgain, tellMoved, media } = await started();
  openAgain.mockRejectedValue(new FairleadError(code));
  tellMoved("b");
  await vi.advanceTimersByTimeAsync(10);
  expect(await publisher.ended).toMatch(words);
  expect(media.close).toHaveBeenCalledOnce();
});

it("ends when another publisher has its place; one that has gone silent meanwhile yields it", async () => {
  const taken = new FairleadError("publisher_active", { retryAfterMs: 500 });
  const parts = await started();
  parts.refusals.set("a prove", "session_gone");
  parts.openAgain.mockRejectedValueOnce(taken).mockRejectedValueOnce(taken);
  await vi.advanceTimersByTimeAsync(4_000);
  expectAtB(parts);
  parts.refusals.set("b prove", "session_gone");
  parts.openAgain.mockRejectedValue(taken);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await parts.publisher.ended).toBe(WORDS.replaced);
});

it("stays where it is if a slow home has it after all", async () => {
  const { openAgain, refusals, said, pipes } = await started();
  refusals.set("a prove", "node_timeout");
  openAgain.mockImplementation(async () => {
    refusals.clear();
    throw new FairleadError("publisher_active");
  });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(openAgain).toHaveBeenCalledOnce();
  expect(said).not.toContain("a close");
  expect(pipes).toEqual([{ port: 1, isClosed: false }]);
});

it("ends when mediasoup's worker dies; a home that is gone at the start costs nothing", async () => {
  const parts = setUp();
  parts.homes.a.unsubscribe();
  await parts.publisher.start(TRACKS);
  expectAtB(parts);
  parts.worker.resolve();
  expect(await parts.publisher.ended).toBe(WORDS.worker);
  expect(parts.media.close).toHaveBeenCalledOnce();
});

it("whose first pipe is refused at once gives its place there back, and sends nowhere meanwhile", async () => {
  const parts = setUp();
  parts.refusals.set("a connect", "lease_lost");
  await parts.publisher.start(TRACKS);
  expectAtB(parts);
  expect(parts.said.indexOf("a close")).toBeLessThan(parts.said.indexOf("b connect 2"));
});

it("is told in words where the cluster can't take a pipe from here", async () => {
  const { publisher, refusals } = setUp();
  refusals.set("a connect", "invalid_request");
  await expect(publisher.start(TRACKS)).rejects.toMatchObject({ code: "invalid_request" });
});

it("outlasts a bus that is away for minutes: its media flows on, and it stays where it is", async () => {
  const { publisher, refusals, openAgain, said } = await started();
  refusals.set("a prove", "node_timeout");
  openAgain.mockRejectedValue(new FairleadError("bus_disconnected"));
  await vi.advanceTimersByTimeAsync(120_000);
  expect(await Promise.race([publisher.ended, "not yet"])).toBe("not yet");
  refusals.clear();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(said).not.toContain("a close");
});
