import { describe, expect } from "vitest";
import {
  BROADCAST,
  type CreateSegmentsAdapter,
  end,
  follow,
  init,
  part,
  type SegmentsAdapter,
  segment,
  writeAll,
} from "./segments-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

const FIRST = { run: 1, sequence: 0 };
type Fact = (name: string, check: (adapter: SegmentsAdapter) => Promise<void>) => void;

/** The contract of the port `Segments`, for every adapter. */
export function describeSegmentsContract(name: string, createAdapter: CreateSegmentsAdapter): void {
  const fact = factsAbout(createAdapter);
  describe(`segments contract: ${name}`, () => {
    describeFollowing(fact);
    describePlaces(fact);
    describeRuns(fact);
    describeBounds(fact);
    describeEnds(fact);
  });
}

function describeFollowing(fact: Fact): void {
  fact("a follower hears what is stored, then what is written, in its order", async ({ segments }) => {
    await writeAll(segments, [init(FIRST), ...segment({ ...FIRST, parts: 2 })]);
    const follower = follow(segments);
    await writeAll(segments, segment({ run: 1, sequence: 1, parts: 1 }));
    expect(await follower.until("end 1-1")).toEqual([
      ...["init 1-0", "part 1-0.0", "part 1-0.1", "end 1-0"],
      ...["part 1-1.0", "end 1-1"],
    ]);
  });

  fact("a piece comes as it was written, byte by byte", async ({ segments }) => {
    const follower = follow(segments);
    const written = [init(FIRST), part({ ...FIRST, part: 0, size: 30_000, duration: 0.333 }), end(FIRST)];
    await writeAll(segments, written);
    await follower.until("end 1-0");
    expect(follower.pieces.map(plain)).toEqual(written.map(plain));
  });

  fact("one that stops hears no more, and others go on", async ({ segments }) => {
    const [stopped, other] = [follow(segments), follow(segments)];
    await writeAll(segments, [init(FIRST)]);
    await Promise.all([stopped.until("init 1-0"), other.until("init 1-0")]);
    stopped.stop();
    stopped.stop();
    await writeAll(segments, segment({ ...FIRST, parts: 1 }));
    await other.until("end 1-0");
    expect(stopped.heard).toEqual(["init 1-0"]);
  });

  fact("broadcasts don't hear each other", async ({ segments }) => {
    const [here, there] = [follow(segments), follow(segments, "other")];
    await segments.write("other", init({ run: 1, sequence: 5 }));
    await writeAll(segments, [init(FIRST)]);
    await Promise.all([here.until("init 1-0"), there.until("init 1-5")]);
    expect([here.heard, there.heard]).toEqual([["init 1-0"], ["init 1-5"]]);
    expect(await segments.nextSequence("other")).toBe(6);
  });
}

function describePlaces(fact: Fact): void {
  fact("a place that was written is not written again", async ({ segments }) => {
    await writeAll(segments, [init(FIRST), part({ ...FIRST, part: 0 }), part({ ...FIRST, part: 1 })]);
    const again = [init(FIRST), part({ ...FIRST, part: 0, size: 5 }), part({ ...FIRST, part: 1 })];
    expect(await writeAll(segments, again)).toEqual([false, false, false]);
  });

  fact("nothing comes after a segment's end, nor before a later segment", async ({ segments }) => {
    const first = segment({ ...FIRST, parts: 1 });
    await writeAll(segments, [init(FIRST), ...first]);
    expect(await writeAll(segments, [part({ ...FIRST, part: 1 }), end(FIRST)])).toEqual([false, false]);
    await writeAll(segments, [part({ run: 1, sequence: 2, part: 0 })]);
    const late = [init({ run: 1, sequence: 1 }), ...segment({ run: 1, sequence: 1, parts: 1 })];
    expect(await writeAll(segments, late)).toEqual([false, false, false]);
  });

  fact("the end of a segment that nobody began is dropped", async ({ segments }) => {
    expect(await writeAll(segments, [end(FIRST), init(FIRST), end({ run: 1, sequence: 1 })])).toEqual([
      ...[false, true, false],
    ]);
  });

  fact("a part that never comes holds up nobody", async ({ segments }) => {
    const follower = follow(segments);
    const pieces = [init(FIRST), part({ ...FIRST, part: 0 }), part({ ...FIRST, part: 2 }), end(FIRST)];
    expect(await writeAll(segments, pieces)).toEqual([true, true, true, true]);
    await follower.until("end 1-0");
    expect(await writeAll(segments, [part({ ...FIRST, part: 1 })])).toEqual([false]);
  });

  fact("renditions have their places for themselves", async ({ segments }) => {
    const low = { ...FIRST, rendition: "480p" };
    const pieces = [init(FIRST), init(low), part({ ...low, part: 0 }), part({ ...FIRST, part: 0 })];
    expect(await writeAll(segments, pieces)).toEqual([true, true, true, true]);
  });

  fact("the next sequence comes after all that was begun in any rendition", async ({ segments }) => {
    expect(await segments.nextSequence(BROADCAST)).toBeNull();
    await writeAll(segments, [init({ run: 1, sequence: 7 })]);
    expect(await segments.nextSequence(BROADCAST)).toBe(8);
    await writeAll(segments, [init({ run: 1, sequence: 8, rendition: "480p" })]);
    expect(await segments.nextSequence(BROADCAST)).toBe(9);
  });
}

function describeRuns(fact: Fact): void {
  fact("a lower run is dropped, also in the middle of its segment", async ({ segments }) => {
    const follower = follow(segments);
    await writeAll(segments, [init(FIRST), part({ ...FIRST, part: 0 })]);
    await writeAll(segments, [init({ run: 2, sequence: 1 })]);
    const stalled = [part({ ...FIRST, part: 1 }), end(FIRST), part({ run: 1, sequence: 2, part: 0 })];
    expect(await writeAll(segments, stalled)).toEqual([false, false, false]);
    await writeAll(segments, [part({ run: 2, sequence: 1, part: 0 })]);
    expect(await follower.until("part 2-1.0")).toEqual([
      ...["init 1-0", "part 1-0.0", "init 2-1", "part 2-1.0"],
    ]);
  });

  fact("a higher run goes on after the lower one's numbers, never among them", async ({ segments }) => {
    await writeAll(segments, [init(FIRST), ...segment({ ...FIRST, parts: 1 })]);
    expect(await writeAll(segments, [init({ run: 2, sequence: 0 })])).toEqual([false]);
    expect(await writeAll(segments, [init({ run: 2, sequence: 1 })])).toEqual([true]);
  });

  fact("two packagers that write at once never interleave", async ({ segments }) => {
    const follower = follow(segments);
    await writeAll(segments, [init(FIRST)]);
    const of = (run: number, sequence: number) => segment({ run, sequence, parts: 3 });
    const old = [...of(1, 0), ...of(1, 1), ...of(1, 2), ...of(1, 3)];
    const fresh = [init({ run: 2, sequence: 2 }), ...of(2, 2), ...of(2, 3)];
    for (let index = 0; index < old.length; index++) {
      await writeAll(segments, old.slice(index, index + 1));
      if (index >= 5) await writeAll(segments, fresh.slice(index - 5, index - 4));
    }
    await writeAll(segments, fresh.slice(old.length - 5));
    const runs = (await follower.until("end 2-3")).map((word) => Number(/ (\d)-/.exec(word)?.[1]));
    expect(runs).toEqual(runs.toSorted());
  });
}

function describeBounds(fact: Fact): void {
  fact("a piece that is too large is refused", async ({ segments }) => {
    await writeAll(segments, [init(FIRST)]);
    await expect(segments.write(BROADCAST, part({ ...FIRST, part: 0, size: 40_001 }))).rejects.toMatchObject({
      code: "message_too_large",
    });
    expect(await writeAll(segments, [part({ ...FIRST, part: 0, size: 40_000 })])).toEqual([true]);
  });

  fact("what is old goes by whole segments, its init stays while it is in force", async ({ segments }) => {
    await writeAll(segments, [init(FIRST)]);
    for (let sequence = 0; sequence < 12; sequence++)
      await writeAll(segments, segment({ run: 1, sequence, parts: 4, duration: 0.5 }));
    const heard = await follow(segments).until("end 1-11");
    const parts = heard.filter((word) => word.startsWith("part"));
    expect(heard[0]).toBe("init 1-0");
    expect(parts[0]).toMatch(/^part 1-[5-7]\.0$/);
    expect(parts.length % 4).toBe(0);
  });

  fact("bytes are bounded likewise, and an init that nothing needs goes", async ({ segments }) => {
    await writeAll(segments, [init(FIRST), ...segment({ ...FIRST, parts: 2, size: 30_000 })]);
    const second = { run: 1, sequence: 1 };
    await writeAll(segments, [init(second), ...segment({ ...second, parts: 2, size: 30_000 })]);
    expect(await follow(segments).until("end 1-1")).toEqual([
      ...["init 1-1", "part 1-1.0", "part 1-1.1", "end 1-1"],
    ]);
  });

  fact("a follower that was there hears what is forgotten later", async ({ segments }) => {
    const follower = follow(segments);
    await writeAll(segments, [init(FIRST)]);
    for (let sequence = 0; sequence < 6; sequence++)
      await writeAll(segments, segment({ run: 1, sequence, parts: 2, size: 30_000 }));
    const heard = await follower.until("end 1-5");
    expect(heard).toHaveLength(1 + 6 * 3);
    expect(await segments.nextSequence(BROADCAST)).toBe(6);
  });
}

function describeEnds(fact: Fact): void {
  fact("the end is heard by those who follow and those who come later", async ({ segments }) => {
    const early = follow(segments);
    await writeAll(segments, [init(FIRST), part({ ...FIRST, part: 0 })]);
    await segments.end(BROADCAST, 1);
    await segments.end(BROADCAST, 1);
    expect(await early.until("ended")).toEqual(["init 1-0", "part 1-0.0", "ended"]);
    expect(await follow(segments).until("ended")).toEqual(["init 1-0", "part 1-0.0", "ended"]);
    expect(await writeAll(segments, [part({ ...FIRST, part: 1 })])).toEqual([false]);
  });

  fact("a lower run can't end it", async ({ segments }) => {
    await writeAll(segments, [init({ run: 2, sequence: 0 })]);
    await segments.end(BROADCAST, 1);
    expect(await writeAll(segments, [part({ run: 2, sequence: 0, part: 0 })])).toEqual([true]);
  });

  fact(
    "a higher run than the ended one begins a show of its own, and its numbers go on",
    async ({ segments }) => {
      const early = follow(segments);
      await writeAll(segments, [init(FIRST), part({ ...FIRST, part: 0 })]);
      await segments.end(BROADCAST, 2);
      const [same, next] = [
        { run: 2, sequence: 1 },
        { run: 3, sequence: 1 },
      ];
      expect(await writeAll(segments, [init(same), init({ ...next, sequence: 0 }), init(next)])).toEqual([
        ...[false, false, true],
      ]);
      await segments.end(BROADCAST, 2);
      await writeAll(segments, [part({ ...next, part: 0 })]);
      expect(await follow(segments).until("part 3-1.0")).toEqual(["init 3-1", "part 3-1.0"]);
      expect(await early.until("part 3-1.0")).toEqual([
        ...["init 1-0", "part 1-0.0", "ended", "init 3-1", "part 3-1.0"],
      ]);
    },
  );

  fact("one that never began can end", async ({ segments }) => {
    await segments.end(BROADCAST, 1);
    expect(await follow(segments).until("ended")).toEqual(["ended"]);
    expect(await segments.nextSequence(BROADCAST)).toBeNull();
  });
}

/** Bytes as numbers, so that two kinds of byte arrays are compared by what they hold. */
function plain(piece: object): object {
  return "bytes" in piece ? { ...piece, bytes: [...(piece.bytes as Uint8Array)] } : piece;
}
