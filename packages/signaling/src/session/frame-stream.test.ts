import { describe, expect, it } from "vitest";
import { FrameStream } from "./frame-stream.ts";

const PONG = 'data: {"type":"pong"}\n\n';

function setUp() {
  let cancellations = 0;
  const stream = new FrameStream(() => {
    cancellations += 1;
  });
  const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
  return { stream, reader, cancellations: () => cancellations };
}

const big = (length: number) => ({
  ...{ type: "event" as const, position: "1:1" },
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

  it("wakes a reader who waits, by a frame or by its end", async () => {
    const { stream, reader } = setUp();
    const [frame, end] = [reader.read(), reader.read()];
    stream.send({ type: "pong" });
    expect((await frame).value).toBe(PONG);
    stream.close(1000, "session_gone");
    expect((await end).done).toBe(true);
  });

  it("keeps what nobody has read yet, and says how much; no chunk is large but for one large frame", async () => {
    const stream = new FrameStream(() => {});
    for (const length of [40_000, 40_000, 100_000]) stream.send(big(length));
    expect(stream.bufferedBytes()).toBeGreaterThan(180_000);
    stream.close(1000, "session_gone");
    const chunks = [];
    for await (const chunk of stream.body) chunks.push(Math.floor(chunk.length / 10_000));
    expect(chunks).toEqual([4, 4, 10]);
    expect(stream.bufferedBytes()).toBe(0);
  });

  it("forgets what waits for a slow reader, who is told", async () => {
    const stream = new FrameStream(() => {});
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
});
