import { gunzipSync } from "node:zlib";
import { parse } from "hls-parser";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeEnd, makeInit, makePart, makeSegment } from "../testing/make-pieces.ts";
import { applyDelta, readPlaylist } from "../testing/read-playlist.ts";
import { setUpApp } from "../testing/set-up-app.ts";

const PLAYLIST = "source/index.m3u8";

let app: ReturnType<typeof setUpApp>;
beforeEach(async () => {
  app = setUpApp();
  await app.write(
    makeInit({ sequence: 5 }),
    ...makeSegment({ sequence: 5 }),
    makePart({ sequence: 6, part: 0 }),
  );
});
afterEach(async () => {
  vi.useRealTimers();
  await app.close();
});

/** Whether it waits: nothing that it waits for takes longer than a turn of the event loop. */
async function isBlocked(answer: Response | Promise<Response>): Promise<boolean> {
  const turn = new Promise<"blocked">((resolve) => setTimeout(resolve, 5, "blocked"));
  return (await Promise.race([answer, turn])) === "blocked";
}

describe("a playlist", () => {
  it("may be cached for half a target duration, as it is asked for, and one that was waited for by its whole query", async () => {
    const headersOf = async (query: string) => (await app.get(`${PLAYLIST}${query}`)).headers;
    const plain = await headersOf("");
    expect(plain.get("Cache-Control")).toBe("public, max-age=1");
    expect(plain.get("Vary")).toContain("Accept-Encoding");
    expect((await headersOf("?_HLS_msn=6&_HLS_part=0")).get("Cache-Control")).toBe("public, max-age=12");
    expect((await app.get("index.m3u8")).headers.get("Cache-Control")).toBe("public, max-age=1");
  });

  it("is not sent again to those who have it, until it changes", async () => {
    const tag = (await app.get(PLAYLIST)).headers.get("ETag") ?? "";
    const again = await app.get(PLAYLIST, { "If-None-Match": `"other", W/${tag}` });
    expect([again.status, again.headers.get("ETag"), await again.text()]).toEqual([304, tag, ""]);
    await app.write(makePart({ sequence: 6, part: 1 }));
    expect((await app.get(PLAYLIST, { "If-None-Match": tag })).status).toBe(200);
  });

  it("is compressed for those who take that, under a tag of its own", async () => {
    const plain = await app.get(PLAYLIST, { "Accept-Encoding": "br, gzip;q=0" });
    const gzipped = await app.get(PLAYLIST, { "Accept-Encoding": "br, GZIP;q=0.5" });
    expect([plain, gzipped].map(({ headers }) => headers.get("Content-Encoding"))).toEqual([null, "gzip"]);
    expect(gzipped.headers.get("ETag")).not.toBe(plain.headers.get("ETag"));
    const bytes = Buffer.from(await gzipped.arrayBuffer());
    expect(gzipped.headers.get("Content-Length")).toBe(String(bytes.length));
    expect(gunzipSync(bytes).toString()).toBe(await plain.text());
  });

  it("is answered to HEAD without a body", async () => {
    const answer = await app.get(PLAYLIST, {}, { method: "HEAD" });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(Number(answer.headers.get("Content-Length"))).toBeGreaterThan(100);
  });

  it.each([
    ...["_HLS_msn=x", "_HLS_msn=-1", "_HLS_msn=6.5", "_HLS_msn=", "_HLS_msn=1e3", "_HLS_part=0"],
    ...["_HLS_msn=6&_HLS_msn=6", "_HLS_msn=6&_HLS_part=", "_HLS_msn=6&_HLS_part=x", "_HLS_skip=NO"],
    ...["_HLS_push=1", "_HLS_msn=99999999999999999999", "_HLS_MSN=6", "_HLS_=", "_HLS_skip=YES&_HLS_skip=v2"],
  ])("is refused to ?%s", async (query) => {
    for (const path of [PLAYLIST, "index.m3u8"]) {
      const answer = await app.get(`${path}?${query}`);
      expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([400, "no-store"]);
      expect(await answer.json()).toMatchObject({ error: { code: "invalid_request" } });
    }
  });

  it("is not bothered by other queries", async () => {
    expect((await app.get(`${PLAYLIST}?nonce=%00&_hls=%E0%A4%A&x`)).status).toBe(200);
  });

  it("of a rendition that is not there is not found", async () => {
    expect((await app.get("480p/index.m3u8")).status).toBe(404);
  });

  it("tells how far the other renditions are", async () => {
    const low = { rendition: "480p", sequence: 5 };
    await app.write(makeInit(low), ...makeSegment(low));
    const source = parse(await (await app.get(PLAYLIST)).text());
    const other = parse(await (await app.get("480p/index.m3u8")).text());
    expect(source).toMatchObject({
      renditionReports: [{ uri: "../480p/index.m3u8", lastMSN: 5, lastPart: 6 }],
    });
    expect(other).toMatchObject({
      renditionReports: [{ uri: "../source/index.m3u8", lastMSN: 6, lastPart: 0 }],
    });
    const variants = parse(await (await app.get("index.m3u8")).text());
    expect(variants).toMatchObject({ variants: [{ uri: "source/index.m3u8" }, { uri: "480p/index.m3u8" }] });
  });
});

describe("a playlist that is asked for ahead", () => {
  it("comes when its part does, and not before", async () => {
    const answer = app.get(`${PLAYLIST}?_HLS_msn=6&_HLS_part=1`);
    expect(await isBlocked(answer)).toBe(true);
    await app.write(makePart({ sequence: 6, part: 1 }));
    expect(await (await answer).text()).toContain('URI="1-6.1.m4s"');
  });

  it("comes at once when it has that already", async () => {
    for (const query of ["_HLS_msn=0", "_HLS_msn=5", "_HLS_msn=5&_HLS_part=3", "_HLS_msn=6&_HLS_part=0"])
      expect((await app.get(`${PLAYLIST}?${query}`)).status).toBe(200);
  });

  it("without a part it comes when the segment is whole", async () => {
    const answer = app.get(`${PLAYLIST}?_HLS_msn=6`);
    await app.write(makePart({ sequence: 6, part: 1 }));
    expect(await isBlocked(answer)).toBe(true);
    await app.write(makeEnd({ sequence: 6 }));
    expect(await (await answer).text()).toContain("\n1-6.m4s\n");
  });

  it("takes a part after a segment's last for the next segment's first", async () => {
    const answer = app.get(`${PLAYLIST}?_HLS_msn=6&_HLS_part=1`);
    await app.write(makeEnd({ sequence: 6 }));
    expect(await isBlocked(answer)).toBe(true);
    await app.write(makePart({ sequence: 7, part: 0 }));
    // It was hinted under this name.
    expect(await (await answer).text()).toContain('#EXT-X-PART:DURATION=0.3,URI="1-6.1.m4s",INDEPENDENT=YES');
  });

  it("may be two segments ahead, and parts of three seconds", async () => {
    const statusOf = async (query: string) => {
      const answer = app.get(`${PLAYLIST}?${query}`);
      return (await isBlocked(answer)) ? "blocked" : (await answer).status;
    };
    expect(await statusOf("_HLS_msn=7")).toBe("blocked");
    expect(await statusOf("_HLS_msn=8")).toBe(400);
    expect(await statusOf("_HLS_msn=999999999999999")).toBe(400);
    expect(await statusOf("_HLS_msn=6&_HLS_part=9")).toBe("blocked");
    expect(await statusOf("_HLS_msn=6&_HLS_part=10")).toBe(400);
    expect(await statusOf("_HLS_msn=7&_HLS_part=8")).toBe("blocked");
    expect(await statusOf("_HLS_msn=7&_HLS_part=9")).toBe(400);
  });

  it("is given up after three target durations, in a way that players try again after", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const answer = app.get(`${PLAYLIST}?_HLS_msn=6&_HLS_part=1`);
    await vi.advanceTimersByTimeAsync(0);
    await vi.advanceTimersByTimeAsync(5_999);
    expect(app.blocked()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    const { status, headers } = await answer;
    expect([status, headers.get("Retry-After"), headers.get("Cache-Control")]).toEqual([
      503,
      "1",
      "no-store",
    ]);
  });

  it("comes at once when the broadcast ends, and from then on", async () => {
    const answer = app.get(`${PLAYLIST}?_HLS_msn=6&_HLS_part=3`);
    expect(await isBlocked(answer)).toBe(true);
    await app.segments.end("show", 1);
    expect(await (await answer).text()).toContain("#EXT-X-ENDLIST");
    expect(await (await app.get(`${PLAYLIST}?_HLS_msn=900`)).text()).toContain("#EXT-X-ENDLIST");
  });

  it("of a broadcast that ends without a picture is gone", async () => {
    const answer = app.app.request("/open/t/any/index.m3u8");
    expect(await isBlocked(answer)).toBe(true);
    await app.segments.end("open", 1);
    expect((await answer).status).toBe(410);
  });

  it("is refused when this process shuts down", async () => {
    const answer = app.get(`${PLAYLIST}?_HLS_msn=6&_HLS_part=1`);
    expect(await isBlocked(answer)).toBe(true);
    await app.close();
    expect(await (await answer).json()).toMatchObject({ error: { code: "shutting_down" } });
  });
});

describe("a first part that is too long to be listed", () => {
  it("has a playlist when its segment is whole", async () => {
    const [late, place] = [setUpApp(), { sequence: 0 }];
    await late.write(makeInit(place), makePart({ ...place, part: 0, duration: 1.5 }));
    const answer = late.get(PLAYLIST);
    expect(await isBlocked(answer)).toBe(true);
    await late.write(makeEnd(place));
    expect(await (await answer).text()).toContain("#EXTINF:1.5,\n1-0.m4s\n");
    await late.close();
  });
});

describe("a delta update", () => {
  it("leaves out what is further from the end than six target durations, and stands for the same playlist", async () => {
    for (let sequence = 7; sequence < 20; sequence++) await app.write(...makeSegment({ sequence }));
    const older = readPlaylist(await (await app.get(PLAYLIST)).text());
    await app.write(...makeSegment({ sequence: 20 }), makePart({ sequence: 21, part: 0 }));
    const whole = readPlaylist(await (await app.get(PLAYLIST)).text());
    const text = await (await app.get(`${PLAYLIST}?_HLS_skip=YES`)).text();
    expect(parse(text)).toMatchObject({ skip: 6 });
    const uris = (playlist: typeof whole | null) =>
      playlist?.segments.map(({ uri, sequence }) => [uri, sequence]);
    expect(uris(applyDelta(older, readPlaylist(text)))).toEqual(uris(whole));
  });
});
