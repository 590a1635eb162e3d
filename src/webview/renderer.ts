/** The face between the map and what draws its cells: WebGL where it is fast, else a 2D canvas; both look the same. */
import type { MapTile } from '../common/mapTiles';
import type { Extent } from '../common/openedMap';
import { devicePixels } from './canvas';
import type { CellSize } from './cellAtlas';
import type { Box, Layout, Viewport } from './layout';
import type { MapModel } from './mapModel';
import type { RowLayout } from './rowLayout';
import type { HilbertLayout } from './hilbertLayout';
import type { Palette } from './palette';

/** Room beside the cells, in CSS pixels. */
export interface Margins {
    readonly left: number;
    readonly top: number;
}

export interface Frame {
    readonly model: MapModel;
    readonly layout: Layout;
    /** What to draw for a tile at the layout's level; null where nothing is known. */
    tileOf(index: number): MapTile | null;
    /** The part of the layout that is in sight. */
    readonly box: Box;
    /** The cells' own part of the panel. */
    readonly viewport: Viewport;
    readonly margins: Margins;
    readonly palette: Palette;
    /** The classes to stand out; empty = all alike. */
    readonly highlight: ReadonlySet<number>;
}

/** A frame of the layout in rows, or along the Hilbert curve. */
export type RowFrame = Frame & { readonly layout: RowLayout };
export type HilbertFrame = Frame & { readonly layout: HilbertLayout };

/** What moves over the cells. Cells are given by their pages. */
export interface Marks {
    readonly hover: Extent | null;
    readonly cursor: Extent | null;
    readonly focused: boolean;
    readonly selection: Extent | null;
    /** What the last look at the VM found changed; sorted and disjoint. */
    readonly changed: readonly Extent[];
}

export interface CellRenderer {
    readonly element: HTMLCanvasElement;
    draw(frame: Frame): void;
}

/** Of a cell as it is drawn. */
export function cellSizeOf(frame: Frame): CellSize {
    const { cellWidth, cellHeight } = frame.layout;
    return { width: devicePixels(frame, cellWidth), height: devicePixels(frame, cellHeight), gap: devicePixels(frame, 1) };
}
