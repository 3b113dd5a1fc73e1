import { describe, expect, it } from "vitest";
import { fitGrid } from "./fit-grid.ts";

const desktop = { width: 1264, height: 620 };
const phone = { width: 344, height: 520 };
const counts = Array.from({ length: 30 }, (_, index) => index + 1);

describe("fitGrid", () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 2],
    [5, 3],
    [9, 3],
    [16, 4],
    [25, 5],
  ])("lays %i tiles out in %i columns on a desktop", (count, columns) => {
    expect(fitGrid(desktop, count).columns).toBe(columns);
  });

  it("stacks two tiles on an upright phone", () => {
    expect(fitGrid(phone, 2)).toEqual({ columns: 1, tile: { width: 344, height: 256 }, isScrolling: false });
  });

  it.each(counts)("keeps %i tiles within the container unless it scrolls", (count) => {
    for (const container of [desktop, phone, { width: 900, height: 140 }]) {
      const { columns, tile, isScrolling } = fitGrid(container, count, { gap: 8 });
      const rows = Math.ceil(count / columns);
      expect(columns * tile.width + (columns - 1) * 8).toBeLessThanOrEqual(container.width);
      if (!isScrolling) expect(rows * tile.height + (rows - 1) * 8).toBeLessThanOrEqual(container.height);
    }
  });

  it.each(counts)("never stretches or squeezes a picture beyond the allowed aspects (%i tiles)", (count) => {
    const { tile } = fitGrid(desktop, count);
    expect(tile.width / tile.height).toBeLessThan(16 / 9 + 0.05);
    expect(tile.width / tile.height).toBeGreaterThan(4 / 3 - 0.05);
  });

  it("scrolls at the least width rather than make tiles smaller", () => {
    const fit = fitGrid(phone, 25, { minTileWidth: 140 });
    expect(fit).toMatchObject({ columns: 2, isScrolling: true });
    expect(fit.tile.width).toBeGreaterThanOrEqual(140);
  });

  it("gives a container that is not laid out yet tiles of no size", () => {
    expect(fitGrid({ width: 0, height: 0 }, 4).tile).toEqual({ width: 0, height: 0 });
  });
});
