import { expect, it } from "vitest";
import { broadcastOfKey, StreamKey } from "./broadcasts.ts";
import { hashStreamKey, hasKeyHash, makeStreamKey } from "./stream-keys.ts";

it("a stream key names its broadcast and has 256 random bits", () => {
  const key = makeStreamKey("show", (bytes) => bytes.fill(255));
  expect(key).toBe(`show.${"_".repeat(42)}8`);
  expect(broadcastOfKey(StreamKey.parse(key))).toBe("show");
  expect(makeStreamKey("show")).not.toBe(makeStreamKey("show"));
});

it("a key is known by its SHA-256, and by no part of it", async () => {
  const hash = await hashStreamKey("abc");
  expect(hash).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const other = await hashStreamKey("abd");
  expect(hasKeyHash([other, hash], hash)).toBe(true);
  expect(hasKeyHash([hash], other)).toBe(false);
  expect(hasKeyHash([], hash)).toBe(false);
  expect(hasKeyHash([hash], hash.slice(0, 63))).toBe(false);
  expect(hasKeyHash([hash], "")).toBe(false);
});
