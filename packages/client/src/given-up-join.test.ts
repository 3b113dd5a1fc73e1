import { FakeHandler, testFakeParameters } from "mediasoup-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JoinOptions } from "./api/options.ts";
import type { Room } from "./api/room.ts";
import { forgetCapabilities } from "./connection/capabilities-cache.ts";
import { joinRoom } from "./join-room.ts";
import { nextMacrotask } from "./next-macrotask.ts";
import { RunningClock } from "./running-clock.ts";
import { ScriptedHttpSignaling } from "./testing/scripted-http-signaling.ts";
import { CAPABILITIES, openedSession, ScriptedSignaling } from "./testing/scripted-signaling.ts";

const TICKET = "ticket-of-the-test";
const device = { handlerFactory: FakeHandler.createFactory(testFakeParameters) };
/** Takes milliseconds; provides for a machine that is busy with other tests. */
const PATIENTLY = { timeout: 10_000 };
/** The app's own, which nobody wraps. */
const UNMOUNTED = new Error("the component is gone");

let signaling: ScriptedSignaling;
let app: AbortController;
let opened: number;
let onOpening: () => void;

beforeEach(async () => {
  forgetCapabilities();
  signaling = await ScriptedSignaling.start();
  app = new AbortController();
  opened = 0;
  onOpening = () => {};
  const Native = WebSocket;
  vi.stubGlobal(
    "WebSocket",
    class extends Native {
      constructor(url: string) {
        super(url);
        // Links of tests before may still be trying to leave.
        if (new URL(url).host !== new URL(signaling.url).host) return;
        opened += 1;
        onOpening();
      }
    },
  );
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await signaling.close();
});

function join(options: Partial<JoinOptions> = {}): Promise<Room> {
  return joinRoom({ url: signaling.url, ticket: TICKET, device, signal: app.signal, ...options });
}

function giveUp(): void {
  app.abort(UNMOUNTED);
}

const leaves = () => signaling.frames.filter((frame) => frame.type === "command").map(({ name }) => name);

describe("a join that is given up", () => {
  it("before it began is rejected with the signal's reason, and asks nobody for anything", async () => {
    giveUp();
    await expect(join()).rejects.toBe(UNMOUNTED);
    await nextMacrotask();
    expect([opened, signaling.capabilityRequests]).toEqual([0, 0]);
  });

  it("in the task that began it opens no socket, and the one that follows it opens one", async () => {
    const first = join();
    giveUp();
    app = new AbortController();
    const second = join();
    await expect(first).rejects.toBe(UNMOUNTED);
    const { socket } = await signaling.next("join");
    socket.accept();
    const room = await second;
    expect([opened, signaling.capabilityRequests]).toEqual([1, 1]);
    await room.leave();
  });

  it("while the capabilities are on their way opens no socket", async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    vi.stubGlobal("fetch", () => promise);
    const joining = join();
    await nextMacrotask();
    giveUp();
    await expect(joining).rejects.toBe(UNMOUNTED);
    resolve(Response.json(CAPABILITIES));
    await nextMacrotask();
    await nextMacrotask();
    expect(opened).toBe(0);
  });

  it("while its socket opens sends no join", async () => {
    onOpening = () => queueMicrotask(giveUp);
    await expect(join()).rejects.toBe(UNMOUNTED);
    await expect.poll(() => signaling.openSockets, PATIENTLY).toBe(0);
    expect(opened).toBe(1);
    expect(signaling.frames).toEqual([]);
  });

  it("before its answer is rejected at once, and left when the answer comes", async () => {
    const joining = join();
    const { socket } = await signaling.next("join");
    giveUp();
    await expect(joining).rejects.toBe(UNMOUNTED);
    expect(signaling.openSockets).toBe(1);
    // Signaling that knows it leaves by itself, even if the socket is lost; an older one drops it.
    const early = await signaling.next("command", "session.leave");
    socket.accept();
    socket.snapshot();
    const late = await signaling.next("command", "session.leave");
    expect(late.frame).toEqual(early.frame);
    await socket.closed;
    expect(leaves()).toEqual(["session.leave", "session.leave"]);
  });

  it("for its time is left just so", async () => {
    const after = vi.spyOn(RunningClock.prototype, "after").mockReturnValue(() => {});
    const joining = join({ joinTimeoutMs: 300 });
    const { socket } = await signaling.next("join");
    const [limitMs, timeIsUp] = after.mock.calls[0] ?? [];
    after.mockRestore();
    expect(limitMs).toBe(300);
    timeIsUp?.();
    await expect(joining).rejects.toMatchObject({ code: "node_timeout" });
    await signaling.next("command", "session.leave");
    socket.accept();
    await signaling.next("command", "session.leave");
    await socket.closed;
  });

  it.each(["room_full", "registry_cold", "bus_disconnected"] as const)(
    "and refused with %s closes its socket, and tries no more",
    async (code) => {
      const joining = join();
      const { socket } = await signaling.next("join");
      giveUp();
      await expect(joining).rejects.toBe(UNMOUNTED);
      socket.refuse(code);
      await socket.closed;
      expect(opened).toBe(1);
    },
  );

  it("between two tries closes its socket at once", async () => {
    const joining = join({ reconnect: { giveUpAfterMs: 60_000, nextDelayMs: () => 10_000 } });
    const { socket } = await signaling.next("join");
    socket.refuse("registry_cold");
    // The refusal has been read once the answer to what was sent after it is.
    await new Promise((resolve) => setTimeout(resolve, 50));
    giveUp();
    await expect(joining).rejects.toBe(UNMOUNTED);
    await socket.closed;
    expect(signaling.frames).toHaveLength(1);
  });

  it("and lost with its socket is not sent again, since it could replace the peer's next session", async () => {
    const joining = join();
    const { socket } = await signaling.next("join");
    giveUp();
    await expect(joining).rejects.toBe(UNMOUNTED);
    socket.cut();
    await expect.poll(() => signaling.openSockets, PATIENTLY).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(opened).toBe(1);
  });

  /** The join is given up and answered; the socket is lost with the leave that follows, and the session resumed. */
  async function loseLeave() {
    signaling.answers.delete("session.leave");
    const joining = join();
    const { socket } = await signaling.next("join");
    giveUp();
    await expect(joining).rejects.toBe(UNMOUNTED);
    await signaling.next("command", "session.leave");
    socket.accept();
    const lost = await signaling.next("command", "session.leave");
    socket.cut();
    return { lost, resumed: await signaling.next("resume") };
  }

  it("and lost with its socket after its answer is left on the next one, and asks for no other session", async () => {
    const { lost, resumed } = await loseLeave();
    resumed.socket.send({ type: "resumed", sessionTicket: "the-next-session-ticket", connection: 2 });
    const { frame } = await signaling.next("command", "session.leave");
    expect(frame.id).toBe(lost.frame.id);
    resumed.socket.send({ type: "reply", id: frame.id, ok: true, data: {} });
    await resumed.socket.closed;
    expect(signaling.frames.filter(({ type }) => type === "join")).toHaveLength(1);
  });

  it("and whose session is gone by then joins no more", async () => {
    const { resumed } = await loseLeave();
    resumed.socket.refuse("session_gone");
    await resumed.socket.closed;
    expect(signaling.frames.filter(({ type }) => type === "join")).toHaveLength(1);
  });

  it.each([
    ["in the microtask after", (received: Promise<unknown>) => received.then(giveUp)],
    ["before the app has", (received: Promise<unknown>) => received.then(() => queueMicrotask(giveUp))],
  ])("%s its answer is left too", async (_, after) => {
    const joining = join();
    const { socket } = await signaling.next("join");
    const settled = joining.catch((error) => error);
    void after(joining);
    socket.accept();
    await settled;
    await signaling.next("command", "session.leave");
    await socket.closed;
  });

  it("has no effect later: the room is the app's", async () => {
    const joining = join();
    const { socket } = await signaling.next("join");
    socket.accept();
    const room = await joining;
    await nextMacrotask();
    await nextMacrotask();
    giveUp();
    expect(room.connectionState).toBe("connected");
    expect(leaves()).toEqual([]);
    await room.leave();
  });
});

describe("a join over HTTP that is given up", () => {
  it("before its answer is left by DELETE when the answer comes", async () => {
    const http = await ScriptedHttpSignaling.start();
    const joining = join({ url: http.url, transport: "http" });
    (await http.next("GET /v1/capabilities")).answer(200, CAPABILITIES);
    const request = await http.next("POST /v1/sessions");
    giveUp();
    await expect(joining).rejects.toBe(UNMOUNTED);
    request.answer(201, openedSession());
    const events = await http.next("GET /v1/sessions/s1/events");
    (await http.next("DELETE /v1/sessions/s1")).answer(204, null);
    await events.closed;
    await http.close();
  });

  it("and refused asks for nothing more", async () => {
    const http = await ScriptedHttpSignaling.start();
    const joining = join({ url: http.url, transport: "http" });
    (await http.next("GET /v1/capabilities")).answer(200, CAPABILITIES);
    const request = await http.next("POST /v1/sessions");
    giveUp();
    await expect(joining).rejects.toBe(UNMOUNTED);
    request.refuse("registry_cold");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(http.waiting).toBe(0);
    await http.close();
  });
});
