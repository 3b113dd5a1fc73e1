import { describe, expect, it } from "vitest";
import { chooseShards } from "./choose-shards.ts";

describe("the shards to ask", () => {
  it("begin anywhere and go round, each once", () => {
    expect(chooseShards("/v1/connect", 4, () => 0.5)).toEqual([2, 3, 0, 1]);
    expect(chooseShards("/v1/sessions", 4, () => 0)).toEqual([0, 1, 2, 3]);
    expect(chooseShards("/v1/connect", 4, () => 0.999_999)).toEqual([3, 0, 1, 2]);
  });

  it("are one and the same for all that belongs to a session", () => {
    const paths = ["/v1/sessions/s-1", "/v1/sessions/s-1/events", "/v1/sessions/s-1/commands"];
    const [first, ...others] = paths.map((path) => chooseShards(path, 1_000, Math.random));
    expect(first?.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, shard) => shard));
    for (const other of others) expect(other).toEqual(first);
  });

  it("are one and the same for a session of WHIP or WHEP, and any for its opening", () => {
    for (const kind of ["whip", "whep"]) {
      const shardsOf = (path: string, random = Math.random()) => chooseShards(path, 100, () => random);
      const path = `/v1/broadcasts/launch/${kind}/node-run/session-1`;
      expect(shardsOf(path)).toEqual(shardsOf(path));
      expect(shardsOf(path, 0.5)[0]).not.toBe(shardsOf(`${path}2`, 0.5)[0]);
      expect(shardsOf(`/v1/broadcasts/launch/${kind}`, 0.5)[0]).toBe(50);
    }
    expect(chooseShards("/v1/whip", 4, () => 0.5)[0]).toBe(2);
  });

  it("take about as many sessions each", () => {
    const counts = new Array<number>(8).fill(0);
    for (let session = 0; session < 8_000; session += 1) {
      const [shard = -1] = chooseShards(`/v1/sessions/session-${session}/events`, 8, Math.random);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });
});
