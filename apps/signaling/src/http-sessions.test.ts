import { describe, expect, it } from "vitest";
import { HttpClient } from "./testing/http-client.ts";
import { startCluster } from "./testing/start-cluster.ts";

const PAUSE = { type: "command", name: "producer.pause", data: {} } as const;

async function setUp(options?: Parameters<typeof startCluster>[0]) {
  const cluster = await startCluster(options);
  const open = async (identity = "ann") => {
    const client = new HttpClient(cluster.server.url);
    const opened = await client.open(await cluster.joinFrame("standup", identity));
    return { client, opened };
  };
  /** A session whose events are listened to; the first event has come. */
  const join = async (identity?: string) => {
    const { client, opened } = await open(identity);
    const stream = await client.listen(opened.position);
    return { client, opened, stream };
  };
  return { ...cluster, open, listening: join };
}

describe("a session over HTTP", () => {
  it("is joined, followed, asked and left", async () => {
    const { listening, node } = await setUp();
    const { client, opened, stream } = await listening();
    expect(opened).toMatchObject({ roomId: "standup", connection: 1 });
    const position = `${opened.epoch}:1`;
    const event = { name: "snapshot.ended" as const, data: {} };
    node.publish(opened.sessionId, { type: "events", connection: 2, events: [{ position, event }] });
    expect(await stream.next()).toEqual({ id: position, frame: { type: "event", position, event } });
    expect(await client.send({ type: "ping" }, { ...PAUSE, id: 1, settledBelow: 1 })).toEqual([
      { type: "pong" },
      { type: "reply", id: 1, ok: true, data: { did: "producer.pause" } },
    ]);
    expect((await client.leave()).status).toBe(204);
    expect(await stream.refusal()).toBe("session_left");
    expect((await client.leave()).status).toBe(204);
  });
});
