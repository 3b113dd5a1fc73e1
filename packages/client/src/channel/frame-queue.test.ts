import { SESSION_BODY_LIMIT_BYTES, SessionFrames } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { FrameQueue, type SessionFrame } from "./frame-queue.ts";

const command = (id: number, data: unknown = {}): SessionFrame => ({
  type: "command",
  id,
  settledBelow: 1,
  name: "producer.pause",
  data,
});

function taken(queue: FrameQueue): SessionFrames["frames"] {
  return SessionFrames.parse(JSON.parse(queue.takeBody())).frames;
}

describe("FrameQueue", () => {
  it("keeps the order, and gives at most 50 frames to a request", () => {
    const queue = new FrameQueue();
    for (let id = 1; id <= 60; id += 1) queue.add(command(id));
    const ids = (frames: SessionFrames["frames"]) => frames.map((frame) => "id" in frame && frame.id);
    expect(ids(taken(queue))).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(ids(taken(queue))).toEqual(Array.from({ length: 10 }, (_, index) => index + 51));
    expect(queue.isEmpty).toBe(true);
  });

  it("gives no more bytes to a request than a body may have, but always one frame", () => {
    const queue = new FrameQueue();
    const third = "ä".repeat(SESSION_BODY_LIMIT_BYTES / 5);
    for (let id = 1; id <= 4; id += 1) queue.add(command(id, { third }));
    queue.add(command(5, { tooLong: "x".repeat(SESSION_BODY_LIMIT_BYTES) }));
    const bodies = [queue.takeBody(), queue.takeBody(), queue.takeBody()];
    const encoder = new TextEncoder();
    for (const body of bodies.slice(0, 2))
      expect(encoder.encode(body).length).toBeLessThanOrEqual(SESSION_BODY_LIMIT_BYTES);
    expect(bodies.map((body) => JSON.parse(body).frames.length)).toEqual([2, 2, 1]);
  });

  it("replaces what a newer frame says better: acknowledgements, pings, a command sent again", () => {
    const queue = new FrameQueue();
    queue.add(command(1));
    queue.add({ type: "ack", position: "1:1" });
    queue.add({ type: "ping" });
    queue.add(command(2));
    queue.add({ type: "ping" });
    queue.add({ type: "ack", position: "1:9" });
    queue.add(command(1));
    expect(taken(queue)).toEqual([
      command(1),
      { type: "ack", position: "1:9", resend: false },
      { type: "ping" },
      command(2),
    ]);
  });

  it("does not forget that events are wanted again, unless the gap is closed", () => {
    const queue = new FrameQueue();
    queue.add({ type: "ack", position: "1:4", resend: true });
    queue.add({ type: "ack", position: "1:4", resend: false });
    expect(taken(queue)).toEqual([{ type: "ack", position: "1:4", resend: true }]);
    queue.add({ type: "ack", position: "1:4", resend: true });
    queue.add({ type: "ack", position: "1:7", resend: false });
    expect(taken(queue)).toEqual([{ type: "ack", position: "1:7", resend: false }]);
  });
});
