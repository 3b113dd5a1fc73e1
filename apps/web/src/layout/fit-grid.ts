export type Box = { width: number; height: number };

/** All lengths in CSS pixels; `isScrolling` when the tiles at their least size are taller than the container. */
export type GridFit = { columns: number; tile: Box; isScrolling: boolean };

export type GridOptions = {
  /** Between tiles, px. */
  gap?: number;
  /** Tiles narrower than this are no use to anybody: the grid scrolls instead. */
  minTileWidth?: number;
};

const WIDEST = 16 / 9;
/** A cell may be less wide than a camera's picture, which is then cropped: on an upright screen rather more. */
const NARROWEST = { landscape: 4 / 3, portrait: 3 / 4 };

/**
 * The number of columns that gives `count` equal tiles the largest area within `container`.
 *
 * @returns The fit; a container without area (not laid out yet) gives tiles of size 0.
 */
export function fitGrid(container: Box, count: number, options: GridOptions = {}): GridFit {
  const { gap = 8, minTileWidth = 140 } = options;
  const narrowest = container.width < container.height ? NARROWEST.portrait : NARROWEST.landscape;
  let best: GridFit = { columns: 1, tile: { width: 0, height: 0 }, isScrolling: false };
  for (let columns = 1; columns <= count; columns++) {
    const tile = fitTile(cellOf(container, columns, Math.ceil(count / columns), gap), narrowest);
    if (area(tile) > area(best.tile)) best = { columns, tile, isScrolling: false };
  }
  const isTooSmall = best.tile.width < Math.min(minTileWidth, container.width);
  return isTooSmall ? scrollingGrid(container.width, gap, minTileWidth) : best;
}

function cellOf(container: Box, columns: number, rows: number, gap: number): Box {
  return {
    width: Math.max(0, (container.width - gap * (columns - 1)) / columns),
    height: Math.max(0, (container.height - gap * (rows - 1)) / rows),
  };
}

/** The largest box of an allowed aspect within a cell. */
function fitTile(cell: Box, narrowest: number): Box {
  const width = Math.min(cell.width, cell.height * WIDEST);
  const height = Math.min(cell.height, width / narrowest);
  return { width: Math.floor(width), height: Math.floor(height) };
}

function scrollingGrid(containerWidth: number, gap: number, minTileWidth: number): GridFit {
  const columns = Math.max(1, Math.floor((containerWidth + gap) / (minTileWidth + gap)));
  const width = Math.floor((containerWidth - gap * (columns - 1)) / columns);
  return { columns, tile: { width, height: Math.floor(width / WIDEST) }, isScrolling: true };
}

const area = (box: Box) => box.width * box.height;
