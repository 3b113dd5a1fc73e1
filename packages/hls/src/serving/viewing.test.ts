import type { LogFields, Logger } from "@fairlead/telemetry";
import { afterEach, describe, expect, it } from "vitest";
import { makeInit, makePart } from "../testing/make-pieces.ts";
import { setUpApp, TOKEN } from "../testing/set-up-app.ts";

const BEGUN = [makeInit({ sequence: 0 }), makePart({ sequence: 0, part: 0 })];

/** As many with tickets. */
const countOf = (count: number) => ({ viewers: count, admittedViewers: count });

let app: ReturnType<typeof setUpApp>;
afterEach(() => app.close());

describe("a viewing session", () => {
  it("is opened without a token where anybody may watch, and gets one", async () => {
    app = setUpApp();
    const answer = await app.app.request("/open/index.m3u8");
    expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([302, "no-store"]);
    expect(answer.headers.get("Location")).toMatch(/^t\/p-[\w-]{22}\/index\.m3u8$/);
    expect((await app.app.request("/show/index.m3u8")).status).toBe(401);
  });

  it.each(["index.m3u8", "source/index.m3u8", "source/1-0.0.m4s", "source/1-0.init.mp4"])(
    "with a wrong token gets no %s, and no cache keeps that",
    async (path) => {
      app = setUpApp();
      await app.write(...BEGUN);
      const answer = await app.app.request(`/show/t/wrong/${path}`);
      expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([401, "no-store"]);
      expect((await app.app.request(`/show/t/${"x".repeat(2_049)}/${path}`)).status).toBe(401);
      expect((await app.app.request(`/other/t/${TOKEN}/${path}`)).status).toBe(404);
      expect((await app.app.request(`/sh%20ow/t/${TOKEN}/${path}`)).status).toBe(404);
    },
  );

  it("counts while it asks for playlists, once, and is gone after three target durations", async () => {
    let nowMs = 0;
    app = setUpApp({ now: () => nowMs });
    await app.write(...BEGUN);
    const ask = (token: string, path: string) => app.app.request(`/show/t/${token}/${path}`);
    await ask("a", "index.m3u8");
    await ask("a", "source/index.m3u8");
    await ask("b", "source/index.m3u8");
    await ask("c", "source/1-0.0.m4s");
    await ask("wrong", "source/index.m3u8");
    expect([app.viewersOf("show"), app.viewersOf("open")]).toEqual([countOf(2), countOf(0)]);
    nowMs = 5_000;
    await ask("a", "source/index.m3u8");
    nowMs = 6_000;
    expect(app.viewersOf("show")).toEqual(countOf(1));
    nowMs = 11_000;
    expect(app.viewersOf("show")).toEqual(countOf(0));
  });

  it("whose token may be made up counts once it asks for a second media playlist, a part later", async () => {
    let nowMs = 0;
    app = setUpApp({ now: () => nowMs });
    await app.write(...BEGUN);
    const ask = (token: string, path: string, method = "GET") =>
      app.app.request(`/show/t/${token}/${path}`, { method });
    const countNow = () => app.viewersOf("show");
    await ask("p-a", "index.m3u8");
    await ask("p-a", "source/index.m3u8");
    for (let made = 0; made < 50; made++) await ask(`p-made-${made}`, "source/index.m3u8", "HEAD");
    nowMs = 100;
    await ask("p-a", "source/index.m3u8");
    await ask("ticket", "source/index.m3u8");
    expect(countNow()).toEqual({ viewers: 1, admittedViewers: 1 });
    nowMs = 300;
    await ask("p-a", "index.m3u8");
    expect(countNow()).toEqual({ viewers: 1, admittedViewers: 1 });
    await ask("p-a", "source/index.m3u8");
    expect(countNow()).toEqual({ viewers: 2, admittedViewers: 1 });
  });

  it("without a ticket counts up to a bound for each address, and all are served", async () => {
    let nowMs = 0;
    app = setUpApp({ now: () => nowMs });
    await app.write(...BEGUN);
    const askAll = async (address: string) => {
      for (let viewer = 0; viewer < 70; viewer++) {
        const headers = { "X-Address": address };
        const path = `/show/t/p-${address}-${viewer}/source/index.m3u8`;
        expect((await app.app.request(path, { headers })).status).toBe(200);
      }
    };
    await askAll("192.0.2.1");
    nowMs = 1_000;
    await askAll("192.0.2.1");
    expect(app.viewersOf("show")).toEqual({ viewers: 64, admittedViewers: 0 });
    nowMs = 7_000;
    await askAll("192.0.2.1");
    nowMs = 8_000;
    await askAll("192.0.2.1");
    expect(app.viewersOf("show")).toEqual({ viewers: 64, admittedViewers: 0 });
  });

  it("counts on while its playlist is waited for", async () => {
    let nowMs = 0;
    app = setUpApp({ now: () => nowMs });
    await app.write(...BEGUN);
    const answer = app.get("source/index.m3u8?_HLS_msn=0&_HLS_part=1");
    await expect.poll(() => app.blocked()).toBe(1);
    nowMs = 5_900;
    await app.write(makePart({ sequence: 0, part: 1 }));
    await answer;
    nowMs = 11_000;
    expect(app.viewersOf("show")).toEqual(countOf(1));
  });
});

describe("any answer", () => {
  it("may be read by every page, and sends no referrer, whatever it says", async () => {
    app = setUpApp();
    await app.write(...BEGUN);
    for (const path of ["index.m3u8", "source/index.m3u8", "source/1-0.0.m4s", "source/none", "a/b/c/d"]) {
      const { headers } = await app.get(path, { Origin: "https://example.com" });
      expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(headers.get("Access-Control-Expose-Headers")).toMatch(/Content-Range.*ETag/);
      expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    }
  });

  it("to a preflight allows ranges and conditions", async () => {
    app = setUpApp();
    const asked = { Origin: "https://example.com", "Access-Control-Request-Method": "GET" };
    const { status, headers } = await app.get("source/1-0.0.m4s", asked, { method: "OPTIONS" });
    expect([status, headers.get("Access-Control-Allow-Methods")]).toEqual([204, "GET,HEAD,OPTIONS"]);
    expect(headers.get("Access-Control-Allow-Headers")).toBe("Range,If-None-Match,If-Range");
    expect(headers.get("Access-Control-Max-Age")).toBe("86400");
  });

  it("to another method says which there are", async () => {
    app = setUpApp();
    const answer = await app.get("index.m3u8", {}, { method: "POST" });
    expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("is the same where the app is mounted below another path", async () => {
    app = setUpApp();
    await app.write(...BEGUN);
    const { Hono } = await import("hono");
    const outer = new Hono().route("/hls", app.app);
    expect((await outer.request(`/hls/show/t/${TOKEN}/source/index.m3u8`)).status).toBe(200);
    expect((await outer.request(`/hls/show/t/wrong/index.m3u8`)).status).toBe(401);
    expect((await outer.request("/hls/show/none")).status).toBe(404);
  });

  it("and no log line names the token, whatever goes wrong", async () => {
    const lines: unknown[] = [];
    const write = (event: string, fields?: LogFields) => void lines.push(event, fields);
    const log: Logger = { error: write, warn: write, info: write, debug: write, child: () => log };
    app = setUpApp({ log, access: { check: () => Promise.reject(new Error("a bug")) } });
    const answer = await app.get("source/index.m3u8");
    expect(answer.status).toBe(500);
    expect(lines[0]).toBe("hls.failed");
    const said = [JSON.stringify(lines), await answer.text(), JSON.stringify([...answer.headers])].join();
    expect(said).not.toContain(TOKEN);
    expect(said).not.toContain("signature");
  });
});
