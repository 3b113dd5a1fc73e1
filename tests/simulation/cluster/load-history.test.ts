import { describe, expect, it } from "vitest";
import { LoadHistory } from "./load-history.ts";

/** The adverts of each beat about one core whose load is 1,000 from the first beat on. */
function advertisedBeats(ageBeats: number, beats: number): (number | undefined)[] {
  const history = new LoadHistory(new Float64Array(1), ageBeats);
  return Array.from({ length: beats }, () => {
    history.begin();
    history.sample(Float64Array.of(1_000), [0, 1]);
    return history.advertised([0, 1])[0];
  });
}

describe("LoadHistory", () => {
  it("half of an old load is gone after one beat", () => {
    expect(advertisedBeats(0, 4)).toEqual([500, 750, 875, 937.5]);
  });

  it("adverts tell what was measured some beats ago", () => {
    expect(advertisedBeats(3, 6)).toEqual([0, 0, 0, 500, 750, 875]);
  });

  it("a node that starts anew has no load of before", () => {
    const history = new LoadHistory(Float64Array.of(800, 900), 2);
    history.clear([0, 1]);
    expect(history.advertised([0, 2])).toEqual(Float64Array.of(0, 900));
  });
});
