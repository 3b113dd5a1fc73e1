import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { afterEach, describe, expect, it } from "vitest";
import { makeInit, makePart, makeSegment } from "../testing/make-pieces.ts";
import { setUpApp, TOKEN } from "../testing/set-up-app.ts";
import { FollowedBroadcast } from "./followed-broadcast.ts";

const NEXT = "source/index.m3u8?_HLS_msn=0&_HLS_part=1";
const CLIENTS = 500;

let app: ReturnType<typeof setUpApp>;
afterEach(() => app.close());

async function begin(): Promise<void> {
  await app.write(makeInit({ sequence: 0 }), makePart({ sequence: 0, part: 0 }));
}

describe("requests that wait", () => {
  it("are bounded by address and in all, and a place is free again when one is answered", async () => {
    app = setUpApp({ limits: { blockedPerAddress: 2, blockedInAll: 3 } });
    await begin();
    const ask = (address: string) => app.get(NEXT, { "X-Address": address });
    const waiting = [ask("192.0.2.1"), ask("192.0.2.1")];
    await expect.poll(() => app.blocked()).toBe(2);
    const third = await ask("192.0.2.1");
    expect([third.status, third.headers.get("Retry-After")]).toEqual([503, "1"]);
    waiting.push(ask("192.0.2.2"));
    await expect.poll(() => app.blocked()).toBe(3);
    expect((await ask("192.0.2.3")).status).toBe(503);
    expect((await app.get("source/index.m3u8")).status).toBe(200);
    await app.write(makePart({ sequence: 0, part: 1 }));
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(app.blocked()).toBe(0);
  });

  it(`of ${CLIENTS} clients cost one playlist, written and compressed once`, async () => {
    app = setUpApp();
    await begin();
    const options = { segments: app.segments, broadcastId: "show", keptBytes: 1_000_000 };
    const broadcast = new FollowedBroadcast(options);
    const timeline = broadcast.timelineOf("source");
    const { signal } = new AbortController();
    const asked = Array.from({ length: CLIENTS }, async () => {
      await broadcast.until(() => timeline?.reaches(0, 1) ?? false, { timeoutMs: 10_000, signal });
      const playlist = broadcast.mediaPlaylist("source", { isDelta: false });
      return [playlist, playlist.gzipped()] as const;
    });
    await app.write(makePart({ sequence: 0, part: 1 }));
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(([playlist]) => playlist)).size).toBe(1);
    expect(new Set(answers.map(([, gzipped]) => gzipped)).size).toBe(1);
    broadcast.close();
  });

  it(`of ${CLIENTS} clients that vanish leave nothing behind`, async () => {
    app = setUpApp({ limits: { blockedPerAddress: CLIENTS } });
    await begin();
    const server = serve({ fetch: app.app.fetch, port: 0, hostname: "127.0.0.1" });
    await new Promise<void>((resolve) => server.once("listening", () => resolve()));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/show/t/${TOKEN}`;
    const clients = new AbortController();
    const asked = Array.from({ length: CLIENTS }, (_, index) =>
      fetch(`${base}/${index % 2 ? NEXT : "source/1-0.1.m4s"}`, { signal: clients.signal }),
    );
    await expect.poll(() => app.blocked(), { timeout: 20_000 }).toBe(CLIENTS);
    clients.abort();
    const ends = await Promise.allSettled(asked);
    expect(ends.every(({ status }) => status === "rejected")).toBe(true);
    await expect.poll(() => app.blocked(), { timeout: 20_000 }).toBe(0);
    await app.write(makePart({ sequence: 0, part: 1 }));
    expect((await fetch(`${base}/${NEXT}`)).status).toBe(200);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("the timelines of a process", () => {
  it("go when nobody needs them, and are made anew of what is stored", async () => {
    let nowMs = 0;
    app = setUpApp();
    const { FollowedBroadcasts } = await import("./followed-broadcasts.ts");
    const broadcasts = new FollowedBroadcasts({ segments: app.segments, keptBytes: 1_000_000 }, () => nowMs);
    await app.write(makeInit({ sequence: 0 }), ...makeSegment({ sequence: 0 }));
    const first = broadcasts.get("show");
    for (let count = 0; count < 100; count++) broadcasts.get(`short-${count}`);
    nowMs = 59_000;
    broadcasts.get("short-99");
    broadcasts.closeUnneeded();
    expect(broadcasts.size).toBe(101);
    nowMs = 60_000;
    broadcasts.closeUnneeded();
    expect([broadcasts.size, first.isClosed]).toEqual([1, true]);
    expect(broadcasts.get("show").isPlayable).toBe(true);
    await app.segments.end("show", 1);
    for (nowMs = 60_000; nowMs < 130_000; nowMs += 5_000) {
      broadcasts.get("show");
      broadcasts.closeUnneeded();
    }
    // Ended, it goes after its time, asked for or not.
    expect(broadcasts.get("show")).not.toBe(first);
    broadcasts.close();
    expect(broadcasts.size).toBe(0);
  });
});
