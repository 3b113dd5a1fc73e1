import { parse, setOptions } from "hls-parser";
import { afterEach, describe, expect, it } from "vitest";
import { makeInit, makePart, makeSegment } from "./testing/make-pieces.ts";
import { setUpApp } from "./testing/set-up-app.ts";

setOptions({ strictMode: true });

let app: ReturnType<typeof setUpApp>;
afterEach(() => app.close());

describe("a live broadcast", () => {
  it("is a multivariant playlist whose URIs are relative, and so carry the viewer's token", async () => {
    app = setUpApp();
    await app.write(makeInit({ sequence: 0 }), makePart({ sequence: 0, part: 0 }));
    const answer = await app.get("index.m3u8");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Content-Type")).toBe("application/vnd.apple.mpegurl");
    const playlist = parse(await answer.text());
    expect(playlist).toMatchObject({
      isMasterPlaylist: true,
      variants: [{ uri: "source/index.m3u8", codecs: "avc1.42e01f,mp4a.40.2", bandwidth: 3_000_000 }],
    });
  });

  it("has a playlist as soon as its first part is there", async () => {
    app = setUpApp();
    const asked = app.get("source/index.m3u8");
    await app.write(makeInit({ sequence: 4 }), makePart({ sequence: 4, part: 0 }));
    const text = await (await asked).text();
    parse(text);
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.002
#EXT-X-PART-INF:PART-TARGET=0.334
#EXT-X-MEDIA-SEQUENCE:4
#EXT-X-DISCONTINUITY-SEQUENCE:4
#EXT-X-MAP:URI="1-4.init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:08.000Z
#EXT-X-PART:DURATION=0.3,URI="1-4.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1-4.1.m4s"
`);
  });

  it("serves all that its playlist lists", async () => {
    app = setUpApp();
    await app.write(
      makeInit({ sequence: 0 }),
      ...makeSegment({ sequence: 0 }),
      ...makeSegment({ sequence: 1 }),
    );
    const text = await (await app.get("source/index.m3u8")).text();
    const names = text.match(/[\d.-]+(init)?\.(mp4|m4s)/g)?.slice(0, -1) ?? [];
    expect(names.length).toBe(1 + 2 + 14);
    for (const name of names) {
      const answer = await app.get(`source/${name}`);
      expect([name, answer.status, answer.headers.get("Content-Type")]).toEqual([name, 200, "video/mp4"]);
    }
    const whole = await (await app.get("source/1-0.m4s")).text();
    expect(whole).toMatch(/^part source 1-0\.0 part source 1-0\.1 .* part source 1-0\.6 $/);
  });

  it("is closed by ENDLIST when it ends", async () => {
    app = setUpApp();
    await app.write(
      makeInit({ sequence: 0 }),
      ...makeSegment({ sequence: 0 }),
      makePart({ sequence: 1, part: 0 }),
    );
    await app.segments.end("show", 1);
    const text = await (await app.get("source/index.m3u8")).text();
    expect(parse(text)).toMatchObject({ endlist: true });
    expect(text).toContain("1-1.m4s\n#EXT-X-ENDLIST");
    expect(text).not.toContain("PRELOAD-HINT");
  });
});
