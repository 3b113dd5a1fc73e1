import { FRAME_LIMIT } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { joinFrame } from "../../support/protocol-client.ts";
import { WEBSOCKET } from "./driver.ts";
import { endOf, type Instances } from "./use-instances.ts";

/**
 * Pings that are sent at once. Not all of the 400 frames and more: a runtime may close while some are unread, and then the
 * kernel resets the connection before the client has read why.
 */
const AT_ONCE = 10;

/** RFC 6455 § 7.4.1: the browser has left the page. */
const GOING_AWAY = 1001;

/** Faults that only a WebSocket can have. */
export function websocketFacts(instances: Instances): void {
  const refusal = async (text: string) => {
    const client = await instances.connect(WEBSOCKET);
    client.sendText(text);
    return [await endOf(client), client.closeCode];
  };

  describe("a WebSocket", () => {
    it.each([
      ["is not JSON", "{", ["invalid_frame", 4400]],
      ["is no frame", '{"type":"sing"}', ["invalid_frame", 4400]],
      ["comes before a join", '{"type":"ack","position":"1:1"}', ["invalid_frame", 4400]],
      ["is too large", `"${"x".repeat(FRAME_LIMIT)}"`, ["frame_too_large", 4413]],
    ])("on which a frame %s is closed with the code that says so", async (_, text, expected) => {
      expect(await refusal(text)).toEqual(expected);
    });

    it("that misbehaves ends alone", async () => {
      const room = instances.newRoom();
      const bystander = await instances.join(WEBSOCKET, { room });
      const culprit = await instances.join(WEBSOCKET, { room });
      culprit.sendText(JSON.stringify(joinFrame({ ticket: await instances.ticket({ room }) })));
      expect([await endOf(culprit), culprit.closeCode]).toEqual(["invalid_frame", 4400]);
      bystander.send({ type: "ping" });
      await bystander.until(() => bystander.framesOf("pong").length === 1, "a pong");
    });

    it("that says that its page has gone is left long before one whose network has gone", async () => {
      const room = instances.newRoom();
      const watcher = await instances.join(WEBSOCKET, { room, identity: "watcher" });
      const dropped = await instances.join(WEBSOCKET, { room, identity: "dropped" });
      const gone = await instances.join(WEBSOCKET, { room, identity: "gone" });
      dropped.drop();
      await gone.close(GOING_AWAY);
      await watcher.until(() => !watcher.view.peers.has(gone.peerId), "a peer's end");
      expect(watcher.view.peers.has(dropped.peerId)).toBe(true);
    });

    it("with binary frames is closed", async () => {
      const socket = new WebSocket(`${instances.first.url.replace("http", "ws")}/v1/connect`);
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.once("open", () => socket.send(new TextEncoder().encode('{"type":"ping"}'), { binary: true }));
      expect(await closed).toBe(4400);
    });

    it("with too many frames is closed", async () => {
      const client = await instances.join(WEBSOCKET, { room: instances.newRoom() });
      const pongs = () => client.framesOf("pong").length;
      while (client.isConnected) {
        const answered = pongs() + AT_ONCE;
        for (let sent = 0; sent < AT_ONCE; sent += 1) client.send({ type: "ping" });
        await client.until(() => pongs() >= answered || !client.isConnected, "pongs");
      }
      // On Deno, which drops a connection with frames that it has not read, the close code may get lost on its way.
      expect(await endOf(client)).toBe("too_many_frames");
      expect(pongs()).toBeGreaterThan(300);
    });

    it("on which nothing comes is closed after five seconds", async () => {
      const client = await instances.connect(WEBSOCKET);
      expect([await endOf(client), client.closeCode]).toEqual(["join_timeout", 4408]);
    });
  });

  it("says what its address is for to a plain request", async () => {
    const response = await fetch(`${instances.first.url}/v1/connect`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid_request" } });
  });
}

/** Where there are none, so that clients know at once. */
export function noWebSocketFacts(instances: Instances): void {
  it("says that it has no WebSockets", async () => {
    const response = await fetch(`${instances.first.url}/v1/connect`);
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({ error: { code: "websocket_unsupported" } });
  });
}
