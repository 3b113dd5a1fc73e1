import { describe, expect, it, onTestFinished, vi } from "vitest";
import { FrameStream } from "./frame-stream.ts";

const LONG_MS = 10_000;
const PONG = 'data: {"type":"pong"}\n\n';

function setUp() {
  let cancellations = 0;
  const stream = new FrameStream(() => {
    cancellations += 1;
  }, LONG_MS);
  const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
  return { stream, reader, cancellations: () => cancellations };
}

const big = (length: number) => ({
  type: "event" as const,
  position: "1:1",
  event: "x".repeat(length),
});

describe("a stream of frames", () => {
  it("hands over what waits in order, then ends", async () => {
    const { stream, reader } = setUp();
    stream.send({ type: "pong" });
    stream.send({ type: "event", position: "7:1", event: { name: "snapshot.ended" } });
    stream.close(1000, "session_gone");
    stream.send({ type: "pong" });
    const event = '{"type":"event","position":"7:1","event":{"name":"snapshot.ended"}}';
    expect(await reader.read()).toEqual({ done: false, value: `${PONG}id: 7:1\ndata: ${event}\n\n` });
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    expect(await stream.first).toEqual({ type: "pong" });
  });

  it("carries the position of the last event as the id of a frame of several", async () => {
    const { stream, reader } = setUp();
    stream.send({ type: "events", position: "7:3", items: ["1", "2"] });
    const frame = '{"type":"events","position":"7:3","events":[1,2]}';
    expect((await reader.read()).value).toBe(`id: 7:4\ndata: ${frame}\n\n`);
  });

  it("wakes a reader who waits, by a frame or by its end", async () => {
    const { stream, reader } = setUp();
    const [frame, end] = [reader.read(), reader.read()];
    stream.send({ type: "pong" });
    expect((await frame).value).toBe(PONG);
    stream.close(1000, "session_gone");
    expect((await end).done).toBe(true);
  });

  it("keeps what nobody has read yet, and says how much; no chunk is large but for one large frame", async () => {
    const stream = new FrameStream(() => {}, LONG_MS);
    for (const length of [40_000, 40_000, 100_000]) stream.send(big(length));
    expect(stream.bufferedBytes()).toBeGreaterThan(180_000);
    stream.close(1000, "session_gone");
    const chunks = [];
    for await (const chunk of stream.body) chunks.push(Math.floor(chunk.length / 10_000));
    expect(chunks).toEqual([4, 4, 10]);
    expect(stream.bufferedBytes()).toBe(0);
  });

  it("forgets what waits for a slow reader, who is told", async () => {
    const stream = new FrameStream(() => {}, LONG_MS);
    stream.send(big(100_000));
    stream.close(4411, "slow_reader");
    expect(stream.bufferedBytes()).toBeLessThan(100);
    expect(await new Response(stream.body).text()).toBe(
      'data: {"type":"error","error":{"code":"slow_reader","message":"slow reader"}}\n\n',
    );
  });

  it("tells once that its reader has gone, also when nothing was sent", async () => {
    const { stream, reader, cancellations } = setUp();
    await reader.cancel();
    stream.cancel();
    stream.send({ type: "pong" });
    stream.close(1000, "session_gone");
    expect([cancellations(), stream.bufferedBytes(), await stream.first]).toEqual([1, 0, null]);
  });

  it("that has ended tells nothing any more", async () => {
    const { stream, reader, cancellations } = setUp();
    stream.close(1000, "session_gone");
    expect((await reader.read()).done).toBe(true);
    stream.cancel();
    expect(cancellations()).toBe(0);
  });

  it("that has ended fails when its reader does not take the rest in time, and keeps nothing", async () => {
    const stream = new FrameStream(() => {}, 1);
    for (let frame = 0; frame < 3; frame += 1) stream.send(big(100_000));
    const reader = stream.body.getReader();
    expect((await reader.read()).done).toBe(false);
    stream.close(1000, "session_gone");
    await expect(reader.closed).rejects.toThrow("nobody read this stream to its end");
    await expect(reader.read()).rejects.toThrow("nobody read this stream to its end");
    expect(stream.bufferedBytes()).toBe(0);
  });

  it("that has ended and was read leaves no timer", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { stream, reader } = setUp();
    stream.close(1000, "session_gone");
    expect(vi.getTimerCount()).toBe(1);
    expect((await reader.read()).done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    await reader.closed;
  });
});
