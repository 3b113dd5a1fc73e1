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
  it("are bounded by viewing session, by address and in all, and a place is free again when one is answered", async () => {
    app = setUpApp({ limits: { blockedPerView: 1, blockedPerAddress: 2, blockedInAll: 3 } });
    await begin();
    const ask = (token: string, address: string) =>
      app.app.request(`/show/t/${token}/${NEXT}`, { headers: { "X-Address": address } });
    const waiting = [ask("a", "192.0.2.1"), ask("b", "192.0.2.1")];
    await expect.poll(() => app.blocked()).toBe(2);
    const atOnce = [await ask("a", "192.0.2.2"), await ask("c", "192.0.2.1")];
    waiting.push(ask("d", "192.0.2.2"));
    await expect.poll(() => app.blocked()).toBe(3);
    atOnce.push(await ask("e", "192.0.2.3"));
    for (const answer of atOnce) {
      expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([200, "public, max-age=1"]);
      expect(await answer.text()).toContain('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1-0.1.m4s"');
    }
    const { status, headers } = await app.get("source/1-0.1.m4s");
    expect([status, headers.get("Retry-After")]).toEqual([503, "1"]);
    await app.write(makePart({ sequence: 0, part: 1 }));
    expect((await Promise.all(waiting)).map((answer) => answer.status)).toEqual([200, 200, 200]);
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
    app = setUpApp({ limits: { blockedPerView: CLIENTS, blockedPerAddress: CLIENTS } });
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

  it("begin anew when a higher run writes after the end, as where a show is deleted and made anew", async () => {
    app = setUpApp();
    await app.write(makeInit({ sequence: 0 }), ...makeSegment({ sequence: 0 }));
    await app.segments.end("show", 1);
    expect(await (await app.get("source/index.m3u8")).text()).toContain("#EXT-X-ENDLIST");
    await app.write(makeInit({ run: 2, sequence: 1 }), makePart({ run: 2, sequence: 1, part: 0 }));
    const text = await (await app.get("source/index.m3u8")).text();
    expect(text).toContain("2-1.0.m4s");
    expect(text).not.toContain("#EXT-X-ENDLIST");
    expect(text).not.toContain("1-0");
  });
});
