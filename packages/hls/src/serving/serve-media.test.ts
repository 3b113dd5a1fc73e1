import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeInit, makePart, makeSegment } from "../testing/make-pieces.ts";
import { setUpApp } from "../testing/set-up-app.ts";
import { Timeline } from "../timeline/timeline.ts";

const PART = "source/1-5.0.m4s";
const TEXT = "part source 1-5.0 ";

let app: ReturnType<typeof setUpApp>;
beforeEach(async () => {
  app = setUpApp();
  await app.write(
    makeInit({ sequence: 5 }),
    ...makeSegment({ sequence: 5 }),
    makePart({ sequence: 6, part: 0 }),
  );
});
afterEach(() => app.close());

describe("media", () => {
  it.each([PART, "source/1-5.m4s", "source/1-5.init.mp4"])(
    "%s never changes, and may be cached",
    async (path) => {
      const answer = await app.get(path);
      expect(answer.headers.get("Cache-Control")).toBe("public, max-age=3600, immutable");
      expect(answer.headers.get("Content-Length")).toBe(String((await answer.arrayBuffer()).byteLength));
      const tag = answer.headers.get("ETag") ?? "";
      const again = await app.get(path, { "If-None-Match": tag });
      expect([again.status, await again.text()]).toEqual([304, ""]);
      const head = await app.get(path, {}, { method: "HEAD" });
      expect([head.headers.get("Content-Length"), await head.text()]).toEqual([
        answer.headers.get("Content-Length"),
        "",
      ]);
    },
  );

  it.each<[string, number, string, string | null]>([
    ["bytes=0-", 206, TEXT, "bytes 0-17/18"],
    ["bytes=5-10", 206, "source", "bytes 5-10/18"],
    ["bytes=12-", 206, "1-5.0 ", "bytes 12-17/18"],
    ["bytes=12-9999", 206, "1-5.0 ", "bytes 12-17/18"],
    ["bytes=-6", 206, "1-5.0 ", "bytes 12-17/18"],
    ["bytes=-9999", 206, TEXT, "bytes 0-17/18"],
    ["bytes=17-17", 206, " ", "bytes 17-17/18"],
    ["bytes=18-", 416, "", "bytes */18"],
    ["bytes=-0", 416, "", "bytes */18"],
    ["bytes=5-4", 200, TEXT, null],
    ["bytes=-", 200, TEXT, null],
    ["bytes=0-1,4-5", 200, TEXT, null],
    ["seconds=1-2", 200, TEXT, null],
    ["bytes=x-", 200, TEXT, null],
    ["bytes=99999999999999999999-", 200, TEXT, null],
  ])("is read by Range: %s", async (range, status, text, contentRange) => {
    const answer = await app.get(PART, { Range: range });
    expect([answer.status, await answer.text()]).toEqual([status, text]);
    expect(answer.headers.get("Content-Range")).toBe(contentRange);
    expect(answer.headers.get("Accept-Ranges")).toBe("bytes");
  });

  it.each([
    ["bytes=0-3", "part"],
    ["bytes=12-22", "1-5.0 part "],
    ["bytes=18-35", "part source 1-5.1 "],
    ["bytes=16-37", "0 part source 1-5.1 pa"],
    ["bytes=-1", " "],
  ])("is read by Range across the parts of a whole segment: %s", async (range, text) => {
    const answer = await app.get("source/1-5.m4s", { Range: range });
    expect([answer.status, await answer.text()]).toEqual([206, text]);
    expect(answer.headers.get("Content-Length")).toBe(String(text.length));
  });

  it("is kept once, as part and in its segment", () => {
    const timeline = new Timeline({ keptBytes: 1_000_000 });
    const pieces = makeSegment({ sequence: 5 });
    for (const piece of [makeInit({ sequence: 5 }), ...pieces]) timeline.accept(piece);
    const written = pieces.flatMap((piece) => ("bytes" in piece ? [piece.bytes] : []));
    const found = timeline.find("1-5.m4s") ?? [];
    expect(found.map((bytes, index) => bytes === written[index])).toEqual(written.map(() => true));
    expect(timeline.find("1-5.3.m4s")?.[0]).toBe(written[3]);
  });

  it("is sent whole to those whose older half is of something else", async () => {
    const tag = (await app.get(PART)).headers.get("ETag") ?? "";
    expect((await app.get(PART, { Range: "bytes=5-", "If-Range": tag })).status).toBe(206);
    expect((await app.get(PART, { Range: "bytes=5-", "If-Range": '"other"' })).status).toBe(200);
  });

  it.each([
    ...["source/1-5.8.m4s", "source/1-4.m4s", "source/2-5.0.m4s", "source/1-6.m4s", "source/1-6.2.m4s"],
    ...["source/1-7.0.m4s", "480p/1-5.m4s", "source/x", "source/1-5.0.m4s.m4s", "source/..%2F1-5.m4s"],
    ...["source/%00", "source/%E0%A4%A", "a".repeat(40), `source/${"9".repeat(400)}-1.m4s`, "source/1-5"],
  ])("%s is not there, and no cache keeps that", async (path) => {
    const answer = await app.get(path);
    expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([404, "no-store"]);
    expect(await answer.json()).toEqual({ error: { code: "not_found", message: "not found" } });
  });
});

describe("a part that a playlist hinted at", () => {
  it("is answered with when it comes", async () => {
    const answer = app.get("source/1-6.1.m4s");
    await expect.poll(() => app.blocked()).toBe(1);
    await app.write(makePart({ sequence: 6, part: 1 }));
    expect(await (await answer).text()).toBe("part source 1-6.1 ");
  });

  it("keeps its name where it begins the next segment", async () => {
    const answer = app.get("source/1-6.1.m4s");
    await expect.poll(() => app.blocked()).toBe(1);
    await app.write(makePart({ sequence: 7, part: 0 }));
    expect(await (await answer).text()).toBe("part source 1-7.0 ");
  });

  it("is not found as soon as something else comes in its place", async () => {
    const answer = app.get("source/1-6.1.m4s");
    await expect.poll(() => app.blocked()).toBe(1);
    await app.write(makeInit({ run: 2, sequence: 7 }));
    expect((await answer).status).toBe(404);
    const next = app.get("source/2-7.0.m4s");
    await app.write(makePart({ run: 2, sequence: 7, part: 0 }));
    expect((await next).status).toBe(200);
  });

  it("is not found when the broadcast ends instead", async () => {
    const answer = app.get("source/1-6.1.m4s");
    await expect.poll(() => app.blocked()).toBe(1);
    await app.segments.end("show", 1);
    expect((await answer).status).toBe(404);
  });
});

describe("a slow client", () => {
  it("reads on what is no longer listed, for as long again", async () => {
    for (let sequence = 7; sequence < 25; sequence++) await app.write(...makeSegment({ sequence }));
    const listed = await (await app.get("source/index.m3u8")).text();
    expect(listed).not.toContain("1-6.m4s");
    expect((await app.get("source/1-6.m4s")).status).toBe(200);
  });

  it("reads to its end what is forgotten meanwhile", async () => {
    const answer = await app.get("source/1-5.m4s");
    for (let sequence = 7; sequence < 60; sequence++) await app.write(...makeSegment({ sequence }));
    expect((await app.get("source/1-5.m4s")).status).toBe(404);
    expect(await answer.text()).toMatch(/^part source 1-5\.0 .* part source 1-5\.6 $/);
  });
});
