import { expect, it } from "vitest";
import { firstRendition, listsMedia, listsSegment, timeFirsts } from "./first-times.ts";

const EMPTY = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=a.0.m4s\n";
const PART = `${EMPTY}#EXT-X-PART:DURATION=0.3,URI="a.0.m4s"\n`;
const SEGMENT = `${PART}#EXTINF:2.0,\na.m4s\n`;

it("a playlist with a part has media, and one with a segment a whole segment", () => {
  expect([EMPTY, PART, SEGMENT].map(listsMedia)).toEqual([false, true, true]);
  expect([EMPTY, PART, SEGMENT].map(listsSegment)).toEqual([false, false, true]);
});

it("the first rendition is found from where the multivariant playlist was", () => {
  const text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsource/index.m3u8\n";
  expect(firstRendition(text, "http://a/hls/b/t/c/index.m3u8")).toBe("http://a/hls/b/t/c/source/index.m3u8");
  expect(firstRendition("#EXTM3U\n", "http://a/")).toBeNull();
});

it("the first segment counts as the first playlist where nothing came before it", async () => {
  const answers = [null, EMPTY, SEGMENT];
  const { firstPlaylistMs, firstSegmentMs } = await timeFirsts(0, async () => answers.shift() ?? SEGMENT);
  expect(firstPlaylistMs).toBe(firstSegmentMs);
});
