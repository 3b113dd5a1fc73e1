import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Places } from "./places.ts";

const local = { isSettled: false };
const remote = { isSettled: false, swapFrom: vi.fn() };
let places: Places<Place>;

class Place {
  readonly leave = vi.fn();
  readonly close = vi.fn();
  receives = (track: MediaStreamTrack) => (track as unknown) === this;
}

beforeEach(() => {
  vi.useFakeTimers();
  local.isSettled = false;
  remote.isSettled = false;
  remote.swapFrom.mockReset();
  places = new Places({ local, remote });
});
afterEach(() => {
  places.close();
  vi.useRealTimers();
});

/** So many places in a row, each of which goes on for so long beside the next. */
function enter(count: number, overlapMs: number): Place[] {
  const all = Array.from({ length: count }, () => new Place());
  for (const place of all) places.enter(place, overlapMs);
  return all;
}

it("a place that is gone is closed before the next one is there", () => {
  const [former, present] = enter(2, 0);
  expect(former?.close).toHaveBeenCalledOnce();
  expect(present?.close).not.toHaveBeenCalled();
  expect(places.media).toBe(present);
});

it("a former place is closed a second after nothing of it is needed, neither sent nor received", () => {
  const [former] = enter(2, 60_000);
  expect(former?.leave).toHaveBeenCalledOnce();
  local.isSettled = true;
  vi.advanceTimersByTime(2_000);
  expect(former?.close).not.toHaveBeenCalled();
  remote.isSettled = true;
  vi.advanceTimersByTime(1_000);
  expect(former?.close).not.toHaveBeenCalled();
  vi.advanceTimersByTime(200);
  expect(former?.close).toHaveBeenCalledOnce();
});

it.each([
  [60_000, 5_000],
  [700, 700],
])(
  "one that goes on for %i ms is closed after %i, whatever is missing; it is swapped for what there is",
  (overlapMs, afterMs) => {
    const [former] = enter(2, overlapMs);
    vi.advanceTimersByTime(afterMs - 100);
    expect(former?.close).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    expect(former?.close).toHaveBeenCalledOnce();
    expect(remote.swapFrom.mock.invocationCallOrder[0]).toBeLessThan(
      former?.close.mock.invocationCallOrder[0] ?? 0,
    );
  },
);

it("of two moves in a row both former places go on", () => {
  const [first, second, third] = enter(3, 60_000);
  vi.advanceTimersByTime(4_900);
  for (const place of [first, second, third]) expect(place?.close).not.toHaveBeenCalled();
  vi.advanceTimersByTime(100);
  for (const place of [first, second]) expect(place?.close).toHaveBeenCalledOnce();
  expect(third?.close).not.toHaveBeenCalled();
});

it("of two former places the one that ends changes only what comes from there", () => {
  const [first, second, third] = [new Place(), new Place(), new Place()];
  for (const place of [first, second]) places.enter(place, 60_000);
  vi.advanceTimersByTime(2_000);
  places.enter(third, 60_000);
  vi.advanceTimersByTime(3_000);
  expect([first.close.mock.calls.length, second.close.mock.calls.length]).toEqual([1, 0]);
  const isEnding = remote.swapFrom.mock.calls[0]?.[0];
  expect([first, second, third].map(isEnding)).toEqual([true, false, false]);
});

it("all of them end with the room", () => {
  const all = enter(3, 60_000);
  places.close();
  vi.advanceTimersByTime(10_000);
  for (const place of all) expect(place.close).toHaveBeenCalledOnce();
});
