import { expect, it } from "vitest";
import { hlsArgs } from "./hls-args.ts";
import { fragmentMs, planHls } from "./hls-plan.ts";
import { Places } from "./places.ts";
import type { Sps } from "./read-sps.ts";

const HD: Sps = { profileLevelId: "640028", profile: 100, width: 1_920, height: 1_080, isInterlaced: false };
const LADDER = [
  { name: "720p", lines: 720 },
  { name: "480p", lines: 480 },
];

const plan = (sps: Sps | null, places: Places) =>
  planHls({ sps, frameMs: null, ladder: LADDER, transcodes: places, threads: 1 });
const namesOf = (planned: ReturnType<typeof plan>) =>
  planned?.plan.renditions.map(({ name, way }) => (way.isTranscoded ? `${name} anew` : name));

it("copies what browsers decode, and each smaller rung takes a place among transcodes", () => {
  const places = new Places(2);
  const planned = plan(HD, places);
  expect(namesOf(planned)).toEqual(["source", "720p anew", "480p anew"]);
  expect(places.taken).toBe(2);
  planned?.leave();
  expect(places.taken).toBe(0);
  expect(namesOf(plan({ ...HD, width: 1_280, height: 720 }, places))).toEqual(["source", "480p anew"]);
  expect(namesOf(plan(null, places))).toEqual(["source"]);
});

it("without a place a rung is left out, and so is HLS of what browsers can't decode", () => {
  expect(namesOf(plan(HD, new Places(0)))).toEqual(["source"]);
  const exotic = { ...HD, profile: 122 };
  expect(plan(exotic, new Places(0))).toBeNull();
  expect(namesOf(plan(exotic, new Places(1)))).toEqual(["source anew"]);
});

it("an upright picture is scaled by its width", () => {
  const upright = plan({ ...HD, width: 1_080, height: 1_920 }, new Places(2));
  const [, rung] = upright?.plan.renditions ?? [];
  expect(rung?.way).toMatchObject({ size: { width: 720, height: 1_280 } });
});

it("each rendition leaves by a pipe of its own", () => {
  const planned = plan(HD, new Places(2));
  const args = planned ? hlsArgs(planned.plan, { video: true, audio: true }) : [];
  expect(args.filter((arg) => arg.startsWith("pipe:"))).toEqual(["pipe:1", "pipe:3", "pipe:4"]);
});

it.each([
  [null, 300],
  [33, 300],
  [34, 300],
  [16.7, 317],
  [41, 292],
  [40, 320],
  [20, 320],
  [50, 300],
  [67, 333],
  [100, 300],
])(
  "pictures %s ms apart make fragments of %s ms: whole pictures, 284 to 334 ms, though sound ends some",
  (frameMs, expected) => {
    const least = fragmentMs(frameMs);
    expect(least).toBeGreaterThan(expected - 5);
    expect(least).toBeLessThanOrEqual(expected);
  },
);
