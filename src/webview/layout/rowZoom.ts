/**
 * Zoom levels of the layout in rows. At level n ≥ 0 a cell is 2^n pages; below 0 a cell is one page and is drawn larger, in fewer columns.
 */
import { highestTileLevel } from '../../common/mapTiles';
import type { Extent } from '../../common/openedMap';
import type { Viewport } from './layout';
import { RowLayout, type Grid } from './rowLayout';

export const lowestLevel = -1;
/** Cells narrower than this are hard to hit and leave no room for a mix of states. */
const narrowestCell = 8;
const fewestColumns = 8;
const stripHeight = 18;

export function gridAt(level: number, viewport: Viewport): Grid {
    let columns = fewestColumns;
    while (viewport.width / (columns * 2) >= narrowestCell) columns *= 2;
    if (level < 0) columns = Math.max(fewestColumns, columns * 2 ** level);
    const whole = (cssPixels: number) => Math.max(1, Math.floor(cssPixels * viewport.ratio)) / viewport.ratio;
    const cellWidth = whole(viewport.width / columns);
    const cellHeight = whole(Math.min(Math.max(cellWidth, narrowestCell), level < 0 ? 24 : 14));
    return { cellPages: 2 ** Math.max(0, level), columns, cellWidth, cellHeight, stripHeight };
}

/** The lowest level at which the whole map fits into the viewport. */
export function fitLevel(viewport: Viewport, extents: readonly Extent[], slots: readonly Extent[]): number {
    const pages = extents.reduce((sum, extent) => sum + extent.end - extent.start, 0);
    // Strips and partly filled rows only add height, so no level below this one can fit.
    const { columns, cellHeight } = gridAt(0, viewport);
    const cellsInSight = columns * Math.max(1, viewport.height / cellHeight);
    let level = pages > cellsInSight ? Math.floor(Math.log2(pages / cellsInSight)) : lowestLevel;
    while (level < highestTileLevel && new RowLayout(gridAt(level, viewport), extents, slots).height > viewport.height) level++;
    return level;
}

/** The grid of the fitted level, its cells made taller to use the room that is left. */
export function fittedGrid(level: number, viewport: Viewport, extents: readonly Extent[], slots: readonly Extent[]): Grid {
    const grid = gridAt(level, viewport);
    const layout = new RowLayout(grid, extents, slots);
    const rows = layout.cells / grid.columns;
    const spare = Math.max(0, viewport.height - layout.height) / Math.max(1, rows);
    const cellHeight = Math.min(grid.cellHeight + spare, grid.cellHeight * 1.8);
    return { ...grid, cellHeight: Math.floor(cellHeight * viewport.ratio) / viewport.ratio };
}
