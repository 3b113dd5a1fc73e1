import { describe, expect, it } from "vitest";
import { PlaylistSeries } from "./playlist-series.ts";

const HEAD = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.002
#EXT-X-PART-INF:PART-TARGET=0.334
#EXT-X-MEDIA-SEQUENCE:7
`;
const FIRST = `#EXT-X-MAP:URI="1-7.init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z
#EXT-X-PART:DURATION=0.3,URI="1-7.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.3,URI="1-7.1.m4s"
#EXT-X-PART:DURATION=0.2,URI="1-7.2.m4s"
#EXTINF:0.8,
1-7.m4s
`;
const OPEN = `#EXT-X-PART:DURATION=0.3,URI="1-7.3.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1-8.1.m4s"
`;
const GROWN = `#EXT-X-PART:DURATION=0.3,URI="1-7.3.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.3,URI="1-8.1.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1-8.2.m4s"
`;

function faultsOf(...playlists: string[]): string[] {
  const series = new PlaylistSeries();
  for (const text of playlists) series.accept(text);
  return series.faults;
}

describe("the strict validator", () => {
  it("finds no fault where there is none", () => {
    expect(faultsOf(HEAD + FIRST + OPEN, HEAD + FIRST + GROWN)).toEqual([]);
  });

  it.each<[string, string, string]>([
    ["a part longer than its target", 'DURATION=0.3,URI="1-7.1', 'DURATION=0.34,URI="1-7.1'],
    ["a short part in the middle", 'DURATION=0.3,URI="1-7.1', 'DURATION=0.28,URI="1-7.1'],
    ["parts that are longer than their segment", "#EXTINF:0.8", "#EXTINF:0.7"],
    ["a segment that is longer than the target", "#EXTINF:0.8", "#EXTINF:2.5"],
    ["a short PART-HOLD-BACK", "PART-HOLD-BACK=1.002", "PART-HOLD-BACK=1"],
    ["a short HOLD-BACK", "HOLD-BACK=6", "HOLD-BACK=5"],
    ["a near skip boundary", "CAN-SKIP-UNTIL=12", "CAN-SKIP-UNTIL=11"],
    ["no blocking reload", "CAN-BLOCK-RELOAD=YES", "CAN-BLOCK-RELOAD=NO"],
    ["no MAP", '#EXT-X-MAP:URI="1-7.init.mp4"\n', ""],
    ["no date", "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z\n", ""],
    ["no hint", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1-8.1.m4s"\n', ""],
    ["one URI for two parts", "1-7.1.m4s", "1-7.0.m4s"],
  ])("finds %s", (_fault, sound, broken) => {
    const text = HEAD + FIRST + OPEN;
    expect(text).toContain(sound);
    expect(faultsOf(text.replace(sound, broken))).not.toEqual([]);
  });

  it.each<[string, string]>([
    ["a sequence that goes back", HEAD.replace("SEQUENCE:7", "SEQUENCE:6") + FIRST + GROWN],
    ["a target that changes", HEAD.replace("DURATION:2", "DURATION:3") + FIRST + GROWN],
    ["parts that change", HEAD + FIRST.replace('0.3,URI="1-7.1', '0.31,URI="1-7.1') + GROWN],
    ["a duration that changes", HEAD + FIRST.replace("#EXTINF:0.8", "#EXTINF:0.81") + GROWN],
    ["a URI that changes", HEAD + FIRST.replace("1-7.m4s", "2-7.m4s") + GROWN],
    ["a discontinuity that comes late", `${HEAD}#EXT-X-DISCONTINUITY\n${FIRST}${GROWN}`],
    ["parts that vanish from the end", HEAD + FIRST.replace("#EXTINF:0.8,\n1-7.m4s\n", "")],
    ["too little after a removal", HEAD.replace("SEQUENCE:7", "SEQUENCE:8") + FIRST.replaceAll("1-7", "1-8")],
  ])("finds %s", (_fault, next) => {
    expect(faultsOf(HEAD + FIRST + OPEN, next)).not.toEqual([]);
  });

  it("remembers hints that did not become parts, but where a new run begins", () => {
    const series = new PlaylistSeries();
    series.accept(HEAD + FIRST + OPEN);
    series.accept(HEAD + FIRST + GROWN.replaceAll("1-8.1", "1-8.9"));
    expect([...series.unlistedHints]).toEqual(["1-8.1.m4s"]);
    const other = new PlaylistSeries();
    other.accept(HEAD + FIRST + OPEN);
    const begun =
      '#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="2-9.init.mp4"\n#EXT-X-PART:DURATION=0.3,URI="2-9.0.m4s"\n';
    const closed = '#EXT-X-PART:DURATION=0.3,URI="1-7.3.m4s",INDEPENDENT=YES\n#EXTINF:0.3,\n1-8.m4s\n';
    other.accept(`${HEAD}${FIRST}${closed}${begun}#EXT-X-PRELOAD-HINT:TYPE=PART,URI="2-9.1.m4s"\n`);
    expect([[...other.unlistedHints], other.faults]).toEqual([[], []]);
  });

  it("finds a URI with other bytes", () => {
    const series = new PlaylistSeries();
    series.acceptBytes("1-7.m4s", new Uint8Array([1, 2]));
    series.acceptBytes("1-7.m4s", new Uint8Array([1, 2]));
    expect(series.faults).toEqual([]);
    series.acceptBytes("1-7.m4s", new Uint8Array([1, 3]));
    expect(series.faults).toEqual(["1-7.m4s has other bytes than before"]);
  });
});
